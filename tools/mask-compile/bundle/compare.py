"""Times a call of a bundle and, where torch is installed, torch's attentions beside it.

Each is called 20 times to warm up and then 50 times with the L2 cache flushed before;
the median of the times of CUDA events is printed, with the clocks.
"""
import ctypes
import statistics
import subprocess

from driver import CLOCK_KHZ, L2_BYTES, MEMORY_CLOCK_KHZ, Word

WARM_UPS, CALLS = 20, 50


def describe_clocks(device):
    """The clocks of now by NVIDIA's tool, or the highest by the driver."""
    query = "clocks.sm,clocks.mem,driver_version"
    try:
        told = subprocess.run(["nvidia-smi", "-i", "0", f"--query-gpu={query}",
                               "--format=csv,noheader"], capture_output=True, check=True)
        return f"{query}: {told.stdout.decode().strip()}"
    except (OSError, subprocess.CalledProcessError):
        return (f"at most {device.get_attribute(CLOCK_KHZ) // 1000} MHz,"
                f" memory {device.get_attribute(MEMORY_CLOCK_KHZ) // 1000} MHz")


def make_flush(device):
    """Writes over the L2 cache."""
    size = max(2 * device.get_attribute(L2_BYTES), 1 << 20)
    scratch = device.allocate(size)
    return lambda: device.call("cuMemsetD8_v2", "flush the L2 cache", Word(scratch), 0,
                               ctypes.c_size_t(size))


def measure(device, flush, run, what):
    """The median milliseconds of a call."""
    for _ in range(WARM_UPS):
        run()
    times = []
    for _ in range(CALLS):
        flush()
        times.append(device.time(run, what))
    return statistics.median(times)


def report(name, milliseconds, flops):
    rate = f", {flops / milliseconds * 1e-9:.1f} TFLOP/s of the mask's area" if flops else ""
    print(f"{name}: {milliseconds:.4f} ms{rate}")


def compare(device, call, function, values, mask, scale, visible):
    attention = function["attention"]
    flops = None
    if attention and visible:
        flops = 2 * visible * (values[attention["query"]].shape[3]
                               + values[attention["value"]].shape[3])
    print(f"clocks: {describe_clocks(device)}")
    flush = make_flush(device)
    report("bundle", measure(device, flush, call.launch_all, "the kernels"), flops)
    if not attention or mask is None:
        return
    try:
        import torch
    except ImportError:
        print("torch is not installed: nothing to compare with")
        return
    if attention["sinks"] is not None or attention["soft_cap"] is not None:
        print("sinks or a soft cap: no attention of torch is the same")
        return
    compare_torch(torch, device, flush, function, values, mask, scale, flops)


def compare_torch(torch, device, flush, function, values, mask, scale, flops):
    attention = function["attention"]
    element = function["arguments"][attention["query"]]["element"]
    dtype = {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32}[element]

    def move(name):
        data = torch.from_numpy(values[attention[name]]).cuda()
        return data.view(dtype) if element == "bf16" else data

    query, key, value = move("query"), move("key"), move("value")
    batch, heads, rows = query.shape[:3]
    index = lambda count, *shape: torch.arange(count, device="cuda").view(shape)
    dense = mask(index(batch, -1, 1, 1, 1), index(heads, 1, -1, 1, 1), index(rows, 1, 1, -1, 1),
                 index(key.shape[2], 1, 1, 1, -1)) if attention.get("mask") else None
    ours = torch.from_numpy(values[attention["output"]]).cuda()
    ours = (ours.view(dtype) if element == "bf16" else ours).float()

    def attend(name, run):
        try:
            result = run()
            torch.cuda.synchronize()
        except Exception as error:  # whatever its reason, the others are compared
            print(f"{name}: not run: {str(error).splitlines()[0]}")
            return
        # torch puts its work on the stream that the events of the driver are on.
        report(name, measure(device, flush, run, name), flops)
        print(f"  differs by at most {(result.float() - ours).abs().max().item():.3g}")

    print(f"torch {torch.__version__}")
    functional = torch.nn.functional
    if attention.get("is_causal") and rows == key.shape[2]:
        attend("SDPA", lambda: functional.scaled_dot_product_attention(
            query, key, value, is_causal=True, scale=scale, enable_gqa=True))
    elif dense is not None:
        attend("SDPA with a dense mask", lambda: functional.scaled_dot_product_attention(
            query, key, value, attn_mask=dense, scale=scale, enable_gqa=True))
    if attention.get("mask"):
        from torch.nn.attention.flex_attention import create_block_mask, flex_attention
        blocks = create_block_mask(mask, None, None, rows, key.shape[2], device="cuda")
        flex = torch.compile(flex_attention)
        attend("FlexAttention, compiled", lambda: flex(
            query, key, value, block_mask=blocks, scale=scale, enable_gqa=True))
    try:
        from flash_attn import flash_attn_func
    except ImportError:
        return
    if attention.get("is_causal"):
        q, k, v = (x.transpose(1, 2).contiguous() for x in (query, key, value))
        attend("flash-attn", lambda: flash_attn_func(
            q, k, v, causal=True, softmax_scale=scale).transpose(1, 2))
