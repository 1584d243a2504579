"""The attentions that are timed: their shapes, their masks in every notation that a
contender needs, and their data."""
import dataclasses

import torch

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}

# Images and a video between text: [image, tokens].
PROMPT = [[0, 16], [1, 1120], [0, 300], [1, 560], [0, 200], [1, 560]]


@dataclasses.dataclass(frozen=True)
class Work:
    name: str
    queries: int
    keys: int
    heads: int
    kv_heads: int
    dim: int
    window: int = 0
    images: bool = False
    # Tokens of each of the documents that are packed into one row; none if zero.
    document: int = 0
    dtype: str = "f32"
    batch: int = 1

    @property
    def offset(self):
        """The position of the first query: the last query is the last key."""
        return self.keys - self.queries

    def ids(self):
        """Per token, the number of its document, or of its image or -1."""
        if self.document:
            return torch.arange(self.keys, dtype=torch.int32) // self.document
        ids, image = [], 0
        while len(ids) < self.keys:
            for kind, count in PROMPT + [[0, 1000]]:
                ids += [image if kind else -1] * count
                image += kind
        return torch.tensor(ids[:self.keys], dtype=torch.int32)

    def visible(self, first, last):
        """The mask of queries `first` to `last`, as truth values."""
        q = torch.arange(first, last).unsqueeze(1) + self.offset
        k = torch.arange(self.keys).unsqueeze(0)
        mask = k <= q
        if self.window:
            mask &= q - k < self.window
        if self.document:
            mask &= q // self.document == k // self.document
        if self.images:
            ids = self.ids()
            mask |= (ids[q] == ids[k]) & (ids[q] >= 0)
        return mask

    def pairs(self):
        """Visible pairs of one head, and those below the diagonal."""
        visible = sum(int(self.visible(i, min(i + 512, self.queries)).sum())
                      for i in range(0, self.queries, 512))
        causal = sum(self.offset + 1 + i for i in range(self.queries))
        return visible, causal

    def hull(self, first, last):
        """A range of keys that holds every visible one of these queries."""
        begin = max(0, first + self.offset - self.window + 1) if self.window else 0
        end = last + self.offset
        if self.document:
            begin = first // self.document * self.document
        if self.images:
            columns = self.visible(first, last).any(0).nonzero()
            begin, end = int(columns.min()), int(columns.max()) + 1
        return begin, end

    def operations(self, pairs):
        """Multiplications and additions of both products over these pairs of a head."""
        return 4.0 * self.batch * self.heads * pairs * self.dim

    def seen(self):
        """How many keys some query sees, without images: the last ones."""
        return min(self.keys, self.window + self.queries - 1) if self.window else self.keys

    def data(self, rising, copies):
        """Queries, and `copies` of keys and values. Rising: scores grow along the keys,
        so that the maximum moves in every tile."""
        source = torch.Generator().manual_seed(1)
        make = lambda heads, rows: torch.randn(self.batch, heads, rows, self.dim, generator=source)
        q, k, v = make(self.heads, self.queries), make(self.kv_heads, self.keys), make(self.kv_heads, self.keys)
        if rising:
            # By one in 64 keys, of scores of unit variance.
            q[..., 0] = 4
            k[..., 0] = torch.arange(self.keys) * (self.dim**0.5 / 4 / 64)
        q, k, v = (x.to(DTYPES[self.dtype]) for x in (q, k, v))
        return q, [(k.clone(), v.clone()) for _ in range(copies)]

    def sample(self):
        """64 queries that include the ends of tiles and windows."""
        ends = [0, self.queries - 1]
        for size in [64, 128, self.window or 64]:
            ends += [size - 1, size, size + 1]
        rows = [row for row in dict.fromkeys(ends) if row < self.queries]
        step = max(1, self.queries // 64)
        rows += [row for row in range(0, self.queries, step) if row not in rows]
        return torch.tensor(sorted(rows[:64]))

    def reference(self, q, k, v):
        """The sampled rows in float64, and the sum of weights times |v|."""
        rows = self.sample()
        mask = torch.cat([self.visible(int(row), int(row) + 1) for row in rows])
        group = self.heads // self.kv_heads
        k, v = (x.double().repeat_interleave(group, 1) for x in (k, v))
        scores = q[:, :, rows].double() @ k.transpose(2, 3) / self.dim**0.5
        weights = scores.masked_fill(~mask, float("-inf")).softmax(-1)
        return weights @ v, weights @ v.abs()


def works():
    prefill = [
        Work("causal 8192", 8192, 8192, 8, 8, 128),
        Work("causal 2048", 2048, 2048, 8, 8, 128),
        Work("causal 2048, D 64", 2048, 2048, 8, 8, 64),
        Work("window 1024", 8192, 8192, 8, 8, 128, window=1024),
        Work("images, window 1024", 8192, 8192, 8, 8, 128, window=1024, images=True),
        Work("window 128, D 64", 8192, 8192, 8, 8, 64, window=128),
        Work("window 128, D 64, 64/8 heads", 2048, 2048, 64, 8, 64, window=128),
        Work("window 1024, D 256, 16/8 heads", 4096, 4096, 16, 8, 256, window=1024),
        Work("causal, D 512, 16/2 heads", 4096, 4096, 16, 2, 512),
        Work("256 queries after 8192 keys", 256, 8448, 8, 8, 128),
        Work("64 sequences of 16", 16, 16, 8, 8, 128, batch=64),
        Work("64 sequences of 64", 64, 64, 8, 8, 128, batch=64),
        Work("64 sequences of 128", 128, 128, 8, 8, 128, batch=64),
        Work("64 packed documents of 16", 1024, 1024, 8, 8, 128, document=16),
        Work("64 packed documents of 64", 4096, 4096, 8, 8, 128, document=64),
        Work("64 packed documents of 128", 8192, 8192, 8, 8, 128, document=128),
    ]
    decode = [
        Work("decode 8192, 32/4 heads", 1, 8192, 32, 4, 128),
        Work("decode 32768, 32/4 heads", 1, 32768, 32, 4, 128),
        Work("decode 32768, window 1024", 1, 32768, 32, 4, 128, window=1024),
    ]
    for dtype in DTYPES:
        for work in prefill + decode:
            name = work.name if dtype == "f32" else f"{work.name}, {dtype}"
            yield dataclasses.replace(work, name=name, dtype=dtype)
