"""Who computes attention: our compiled code, and its peers from PyPI. A contender is
made for one `Work` and its data; what it needs once (compilation, masks in its own
notation) is done then and timed apart. Its `run(i)` computes with the i-th copy of keys
and values, and returns the output [B, H, Sq, D]. What cannot do a work says why."""
import ctypes
import os
import subprocess
import time

import numpy
import torch
import torch.nn.functional as F

from work import DTYPES


class Unable(Exception):
    """This contender cannot do this work; why."""


class Contender:
    def __init__(self, work, q, copies):
        self.work, self.q, self.copies = work, q, copies
        # Seconds for what is compiled, and for the mask in this contender's notation.
        self.compile_time = self.mask_time = 0.0

    def run(self, i):
        raise NotImplementedError


def timed(run):
    start = time.perf_counter()
    result = run()
    return result, time.perf_counter() - start


class Ours(Contender):
    """`mask-compile --emit=object`, called by its C interface on the peers' tensors. One
    query is known to the compiler, as in a decode step; other sizes but heads are not."""
    name = "mask-mlir"

    def __init__(self, work, q, copies, settings):
        super().__init__(work, q, copies)
        self.out = torch.empty_like(q)
        self.ids = work.ids() if work.images or work.document else None

        self.code, self.compile_time = timed(lambda: self.compile(self.module(), settings))
        ctypes.CDLL(str(settings.openmp)).omp_set_num_threads(settings.threads)
        self.calls = [self.arguments(k, v) for k, v in copies]

    # What was compiled, by its text.
    compiled = {}

    @classmethod
    def compile(cls, text, settings):
        if text in cls.compiled:
            return cls.compiled[text]
        stem = settings.scratch / f"ours-{len(cls.compiled)}"
        source, library = stem.with_suffix(".mlir"), stem.with_suffix(".so")
        source.write_text(text)
        command = [settings.build / "bin" / "mask-compile", source, "--emit=object",
                   "--tiles=openmp" if settings.threads > 1 else "--tiles=", "-o", stem.with_suffix(".o")]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            raise Unable(done.stderr.strip().splitlines()[0].split("error: ")[-1])
        subprocess.run([settings.compiler, "-shared", str(stem.with_suffix(".o")), "-o", str(library),
                        str(settings.openmp), f"-Wl,-rpath,{settings.openmp.parent}"], check=True)
        cls.compiled[text] = ctypes.CDLL(str(library))
        return cls.compiled[text]

    def module(self):
        work = self.work
        queries = 1 if work.queries == 1 else "?"
        data = lambda heads, rows: f"tensor<?x{heads}x{rows}x{work.dim}x{work.dtype}>"
        query, key = data(work.heads, queries), data(work.kv_heads, "?")
        left = work.window - 1 if work.window else "unbounded"
        lines = [f"%window = mask.window left {left} right 0"]
        if work.images:
            lines += ["%images = mask.block_bidirectional %ids : tensor<?xi32>",
                      "%mask = mask.or %window, %images"]
        if work.document:
            lines += ["%document = mask.document %ids : tensor<?xi32>",
                      "%mask = mask.and %window, %document"]
        name = "%window" if self.ids is None else "%mask"
        offset = f" query_offset {work.offset}" if work.offset else ""
        ids = "" if self.ids is None else ", %ids: tensor<?xi32>"
        body = "\n  ".join(lines)
        return f"""
func.func @attention(%q: {query}, %k: {key}, %v: {key}, %out: {query}{ids}) -> {query} {{
  {body}
  %0 = mask.attention ins(%q, %k, %v : {query}, {key}, {key}) outs(%out : {query}) mask({name}){offset} -> {query}
  return %0 : {query}
}}
"""

    def arguments(self, k, v):
        tensors = [torch.empty_like(self.q), self.q, k, v, self.out]
        if self.ids is not None:
            tensors.append(self.ids)
        # The first gets the result's descriptor, which is that of the output.
        return [numpy.array([x.data_ptr(), x.data_ptr(), 0, *x.shape, *x.stride()], numpy.int64) for x in tensors]

    def run(self, i):
        call = self.calls[i]
        self.code._mlir_ciface_attention(*(ctypes.c_void_p(x.ctypes.data) for x in call))
        return self.out


class SDPA(Contender):
    """PyTorch's scaled_dot_product_attention, with its causal flag or a mask of truth
    values; the one query of a decode step sees all keys, or the last ones."""
    name = "SDPA"

    def __init__(self, work, q, copies, settings):
        super().__init__(work, q, copies)
        self.options = {"enable_gqa": work.heads != work.kv_heads}
        self.first = work.hull(0, 1)[0] if work.queries == 1 else 0
        if work.queries == 1:
            return
        if work.window or work.images or work.document or work.offset:
            self.options["attn_mask"], self.mask_time = timed(lambda: work.visible(0, work.queries))
        else:
            self.options["is_causal"] = True

    def run(self, i):
        k, v = (x[:, :, self.first:] for x in self.copies[i])
        return F.scaled_dot_product_attention(self.q, k, v, **self.options)


class GroupedSDPA(Contender):
    """The same, with the query heads of a group as the rows of one head."""
    name = "SDPA, group as rows"

    def __init__(self, work, q, copies, settings):
        super().__init__(work, q, copies)
        if work.queries != 1 or work.heads == work.kv_heads:
            raise Unable("for decode with groups only")
        self.first = work.hull(0, 1)[0]
        self.rows = q.view(work.batch, work.kv_heads, -1, work.dim)

    def run(self, i):
        k, v = (x[:, :, self.first:] for x in self.copies[i])
        return F.scaled_dot_product_attention(self.rows, k, v).view_as(self.q)


class Sliced(Contender):
    """Slices of queries against the keys of the mask's hull, by SDPA or by products and
    a softmax; the best of three sizes."""
    name = "torch, sliced"

    def __init__(self, work, q, copies, settings):
        super().__init__(work, q, copies)
        if work.queries < 128:
            raise Unable("for many queries only")
        group = work.heads // work.kv_heads
        best = float("inf")
        for size in [128, 256, 512]:
            slices, seconds = timed(lambda: [
                (i, min(i + size, work.queries), *work.hull(i, min(i + size, work.queries)))
                for i in range(0, work.queries, size)])
            masks, more = timed(lambda: [work.visible(i, j)[:, a:b] for i, j, a, b in slices])
            for product in [True, False]:
                self.plan = (slices, masks, product, group)
                self.run(0)
                _, duration = timed(lambda: self.run(0))
                if duration < best:
                    best, self.best, self.mask_time = duration, self.plan, seconds + more
        self.plan = self.best

    def run(self, number):
        slices, masks, product, group = self.plan
        k, v = self.copies[number]
        parts = []
        for (i, j, a, b), mask in zip(slices, masks):
            q = self.q[:, :, i:j]
            if not product:
                parts.append(F.scaled_dot_product_attention(
                    q, k[:, :, a:b], v[:, :, a:b], attn_mask=mask, enable_gqa=group > 1))
                continue
            batch, heads, rows, dim = q.shape
            q = q.reshape(batch, heads // group, group * rows, dim)
            scores = (q @ k[:, :, a:b].transpose(2, 3)) * dim**-0.5
            scores = scores.view(batch, heads, rows, b - a).masked_fill_(~mask, float("-inf"))
            weights = scores.softmax(-1).view(batch, heads // group, group * rows, b - a)
            parts.append((weights @ v[:, :, a:b]).view(batch, heads, rows, dim))
        return torch.cat(parts, 2)


class Flex(Contender):
    """PyTorch's FlexAttention, compiled, with its block mask."""
    name = "FlexAttention"

    def __init__(self, work, q, copies, settings):
        super().__init__(work, q, copies)
        from torch.nn.attention.flex_attention import create_block_mask, flex_attention
        ids, offset, window = work.ids(), work.offset, work.window

        def visible(b, h, query, key):
            query = query + offset
            mask = key <= query
            if window:
                mask = mask & (query - key < window)
            if work.document:
                mask = mask & (query // work.document == key // work.document)
            if work.images:
                mask = mask | ((ids[query] == ids[key]) & (ids[query] >= 0))
            return mask
        # What was compiled for other works counts towards a limit.
        torch._dynamo.reset()
        try:
            self.mask, self.mask_time = timed(
                lambda: create_block_mask(visible, None, None, work.queries, work.keys, device="cpu"))
            self.code = torch.compile(flex_attention, dynamic=False)
            _, self.compile_time = timed(lambda: self.run(0))
        except Exception as error:  # Whatever the compiler runs into.
            raise Unable(f"{type(error).__name__}: {str(error).strip().splitlines()[0][:100]}") from error

    def run(self, i):
        k, v = self.copies[i]
        return self.code(self.q, k, v, block_mask=self.mask, enable_gqa=self.work.heads != self.work.kv_heads)


class OnnxRuntime(Contender):
    """ONNX Runtime's GroupQueryAttention. Its rows are [B, S, H * D]; keys that are there
    already are its past, in a buffer that the new ones are written to."""
    name = "ONNX Runtime"
    windows = True

    def check(self, work):
        if work.images or work.document:
            raise Unable("no images or documents")

    def __init__(self, work, q, copies, settings):
        super().__init__(work, q, copies)
        import onnx
        import onnxruntime
        if work.dtype != "f32":
            raise Unable("no bf16")
        self.check(work)
        helper, kind = onnx.helper, onnx.TensorProto.FLOAT
        attributes = {"num_heads": work.heads, "kv_num_heads": work.kv_heads}
        if work.window and self.windows:
            attributes["local_window_size"] = work.window
        names = ["q", "k", "v", "past_k", "past_v", "lengths", "total"]
        node = helper.make_node("GroupQueryAttention", names, ["out", "new_k", "new_v"],
                                domain="com.microsoft", **attributes)
        info = lambda name, rank: helper.make_tensor_value_info(name, kind, [None] * rank)
        integers = lambda name, rank: helper.make_tensor_value_info(name, onnx.TensorProto.INT32, [None] * rank)
        graph = helper.make_graph(
            [node], "attention",
            [*(info(name, 3) for name in names[:3]), *(info(name, 4) for name in names[3:5]),
             integers("lengths", 1), integers("total", 1)],
            [info("out", 3), info("new_k", 4), info("new_v", 4)])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17),
                                                        helper.make_opsetid("com.microsoft", 1)])
        model.ir_version = 9
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = settings.threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session, self.compile_time = timed(lambda: onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]))
        rows = lambda x: x.transpose(1, 2).reshape(work.batch, x.shape[2], -1).contiguous()
        self.bindings, self.kept = [], []
        self.out = torch.empty(work.batch, work.queries, work.heads * work.dim)
        lengths = torch.full([work.batch], work.keys - 1, dtype=torch.int32)
        total = torch.tensor([work.keys], dtype=torch.int32)
        for k, v in copies:
            new = [rows(x[:, :, work.offset:]) for x in (k, v)]
            past = [x.clone() for x in (k, v)] if work.offset else [x[:, :, :0] for x in (k, v)]
            present = past if work.offset else [torch.empty_like(k), torch.empty_like(v)]
            binding = self.session.io_binding()
            tensors = [rows(q), *new, *past, lengths, total]
            for name, x in zip(names, tensors):
                binding.bind_input(name, "cpu", 0, numpy.int32 if x.dtype == torch.int32 else numpy.float32,
                                   list(x.shape), x.data_ptr() or self.out.data_ptr())
            for name, x in zip(["out", "new_k", "new_v"], [self.out, *present]):
                binding.bind_output(name, "cpu", 0, numpy.float32, list(x.shape), x.data_ptr())
            self.bindings.append(binding)
            self.kept.append((tensors, present))
        try:
            self.run(0)
        except Exception as error:
            raise Unable(str(error).strip().splitlines()[0][:100]) from error

    def run(self, i):
        self.session.run_with_iobinding(self.bindings[i])
        work = self.work
        return self.out.view(work.batch, work.queries, work.heads, work.dim).transpose(1, 2)


class CausalOnnxRuntime(OnnxRuntime):
    """The same without a window: what it would take if it skipped what is hidden follows
    from this. Its output is another mask's."""
    name = "ONNX Runtime, causal"
    windows = False

    def check(self, work):
        if work.queries == 1 or not (work.window or work.images or work.document):
            raise Unable("for masks that hide more than the future")


class OpenVINO(Contender):
    """OpenVINO's ScaledDotProductAttention, compiled for the shape, with its causal flag
    or a mask of truth values. The heads of a group are an axis of their own, or the rows
    of a decode step, whose window is a slice of the cache that was made before."""
    name = "OpenVINO"

    def __init__(self, work, q, copies, settings):
        super().__init__(work, q, copies)
        import openvino
        from openvino import opset13
        self.kind = {"f32": openvino.Type.f32, "bf16": openvino.Type.bf16}[work.dtype]
        group = work.heads // work.kv_heads
        decode = work.queries == 1
        first = work.hull(0, 1)[0] if decode else 0
        rows = [work.batch, work.kv_heads, group, work.queries, work.dim]
        if decode:
            rows = [work.batch, work.kv_heads, group, work.dim]
        elif group == 1:
            rows = list(q.shape)
        shared = lambda x: (x if decode or group == 1 else x.unsqueeze(2))[..., first:, :].contiguous()
        self.out = torch.empty(rows, dtype=q.dtype)
        data = [(q.reshape(rows), shared(k), shared(v)) for k, v in copies]
        inputs = [opset13.parameter(list(x.shape), self.kind) for x in data[0]]
        causal = not decode and not (work.window or work.images or work.document or work.offset)
        mask = []
        if not decode and not causal:
            visible, self.mask_time = timed(lambda: work.visible(0, work.queries))
            mask = [opset13.constant(visible.numpy())]
        model = openvino.Model([opset13.scaled_dot_product_attention(*inputs, *mask, causal=causal)], inputs)
        options = {"INFERENCE_NUM_THREADS": settings.threads, "INFERENCE_PRECISION_HINT": work.dtype,
                   "NUM_STREAMS": 1, "ENABLE_CPU_PINNING": False}
        self.requests = []
        try:
            code, self.compile_time = timed(lambda: openvino.Core().compile_model(model, "CPU", options))
            for tensors in data:
                request = code.create_infer_request()
                for i, x in enumerate(tensors):
                    request.set_input_tensor(i, self.view(openvino, x))
                request.set_output_tensor(self.view(openvino, self.out))
                self.requests.append((request, tensors))
            self.run(0)
        except Exception as error:  # Shapes and types that it does not take.
            raise Unable(str(error).strip().splitlines()[-1][:100]) from error

    def view(self, openvino, x):
        """The memory of `x` as a tensor."""
        numbers = (x.view(torch.int16) if self.work.dtype == "bf16" else x).numpy()
        return openvino.Tensor(numbers, openvino.Shape(list(x.shape)), self.kind)

    def run(self, i):
        self.requests[i][0].infer()
        return self.out.view(self.q.shape)


def all_contenders():
    return [Ours, OnnxRuntime, CausalOnnxRuntime, SDPA, GroupedSDPA, Sliced, Flex, OpenVINO]


def quiet_pools():
    """Idle threads of one contender sleep while another one runs. Before any is loaded."""
    os.environ.update(KMP_BLOCKTIME="0", OMP_WAIT_POLICY="passive", GOMP_SPINCOUNT="0")


def product_rate(dtype, size=2048):
    """1e9 operations per second of PyTorch's own matrix product."""
    a, b = (torch.randn(size, size).to(DTYPES[dtype]) for _ in range(2))
    best = min(timed(lambda: a @ b)[1] for _ in range(4))
    return 2e-9 * size**3 / best
