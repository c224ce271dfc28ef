"""Building blocks of the kernels: the words of a call, the loop over trials, and tiled products.

References:
    [GG08] K. Goto, R. van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS 34
        (2008): a tile of the result stays in registers while the summed index runs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from llvmlite import ir

from workers.engines.packed.native.emitter import INT, INT_POINTER, Emitter, Loop, Vectors, integer
from workers.estimates.sizes import padded

_REGISTERS_PER_VECTOR = 8
"""Registers for each vector of a tile's row: a row has 4 vectors with AVX-512, 2 with AVX2."""

_SPARE = 4
"""One register in so many contains a row of B or a number of A instead of a part of the result."""


class Word(IntEnum):
    """Position of an argument in a call; ``C = A B`` has ROWS rows, and sums of TERMS terms."""

    CODE = 0  # Address of the kernel.
    COUNT = 1  # Number of products: one per trial. *_NEXT are the strides between them.
    ROWS = 2
    TERMS = 3
    A = 4
    A_NEXT = 5
    A_ROW = 6
    A_TERM = 7
    B = 8
    B_NEXT = 9
    B_ROW = 10
    C = 11
    C_NEXT = 12
    C_ROW = 13
    EXTRA = 14  # An additional matrix; each kernel says which.
    EXTRA_NEXT = 15
    SCRATCH = 16
    SLOPE = 17  # The bits of a number of the kernel's precision.
    # For layers with a skip: two matrices with the strides of C, and two gains for each product.
    CARRIED = 18  # The layer's input forward, the errors of its output backward.
    BRANCH = 19  # Output of the nonlinearity.
    SKIP_GAIN = 20
    BRANCH_GAIN = 21


class Epilogue(StrEnum):
    """Nonlinearity that a kernel computes with the product; above 0 it is the identity."""

    NONE = "none"  # The kernel computes no nonlinearity.
    FLAT = "flat"  # 0 below 0.
    SLOPED = "sloped"  # A line below 0, of the call's slope.


@dataclass(frozen=True, slots=True)
class Panel:
    """Neighbouring columns of the result that are computed together, as several vectors.

    Attributes:
        start: First column.
        counts: Number of columns of each vector.
        lanes: Numbers of a vector.
    """

    start: ir.Value
    counts: tuple[int, ...]
    lanes: int

    def vectors(self, emitter: Emitter, row: ir.Value) -> list[tuple[ir.Value, int]]:
        """Return the pointer to each vector of a row, and its number of columns."""
        start = emitter.at(row, self.start)
        return [
            (emitter.at(start, integer(i * self.lanes)), count)
            for i, count in enumerate(self.counts)
        ]

    def load(self, emitter: Emitter, row: ir.Value) -> list[ir.Value]:
        """Load the vectors of a row."""
        return [emitter.load(at, count) for at, count in self.vectors(emitter, row)]

    def store(self, emitter: Emitter, values: Sequence[ir.Value], row: ir.Value) -> None:
        """Store the vectors of a row."""
        for (at, count), value in zip(self.vectors(emitter, row), values, strict=True):
            emitter.store(value, at, count)

    def zeros(self, vectors: Vectors) -> list[ir.Value]:
        return [vectors.constant(0.0)] * len(self.counts)


@dataclass(frozen=True, slots=True)
class TrialPointers:
    """Index of a trial in the call, and pointers to its matrices."""

    number: ir.Value
    a: ir.Value
    b: ir.Value
    c: ir.Value
    extra: ir.Value


@dataclass(frozen=True, slots=True)
class SkipPointers:
    """Pointers to the matrices of a trial's skip, and vectors of its gains."""

    carried: ir.Value
    branch: ir.Value
    skip_gain: ir.Value
    branch_gain: ir.Value

    def output(
        self, emitter: Emitter, branch: list[ir.Value], carried: list[ir.Value]
    ) -> list[ir.Value]:
        """Return ``skip_gain * carried + branch_gain * branch``."""
        return [
            emitter.multiply_add(each, self.branch_gain, emitter.scaled(past, self.skip_gain))
            for each, past in zip(branch, carried, strict=True)
        ]

    def errors(
        self, emitter: Emitter, through: list[ir.Value], carried: list[ir.Value]
    ) -> list[ir.Value]:
        """Return ``skip_gain * carried + through``: the errors of the layer's input."""
        return [
            emitter.multiply_add(past, self.skip_gain, each)
            for each, past in zip(through, carried, strict=True)
        ]


class ProductWriter:
    """Writer of a kernel: reads a call's words, and writes loops over trials, panels and tiles."""

    def __init__(self, vectors: Vectors, name: str, columns: int) -> None:
        kind = ir.FunctionType(ir.VoidType(), [INT])
        function = ir.Function(vectors.module, kind, name)
        self.emitter = Emitter(vectors, function)
        self._vectors, self._columns = vectors, columns
        self._call = self.emitter.builder.inttoptr(function.args[0], INT_POINTER)
        self._rows, self.terms = self._word(Word.ROWS), self._word(Word.TERMS)
        self._a_row, self.a_term = self._word(Word.A_ROW), self._word(Word.A_TERM)
        self.b_row, self._c_row = self._word(Word.B_ROW), self._word(Word.C_ROW)
        self.scratch = self._pointer(Word.SCRATCH)
        # The word contains the bits of a real number, so its pointer is cast.
        place = self.emitter.builder.gep(self._call, [integer(Word.SLOPE)])
        slope = self.emitter.builder.load(self.emitter.builder.bitcast(place, vectors.pointer))
        self._slope = self.emitter.spread(slope)

    def end(self) -> None:
        self.emitter.builder.ret_void()

    def rectified(
        self, epilogue: Epilogue, values: list[ir.Value], signs: list[ir.Value]
    ) -> list[ir.Value]:
        """Return ``values`` where ``signs`` are positive, and the epilogue of them elsewhere."""
        if epilogue is Epilogue.NONE:
            return values
        slope = self._slope if epilogue is Epilogue.SLOPED else None
        pairs = zip(values, signs, strict=True)
        return [self.emitter.rectified(value, sign, slope) for value, sign in pairs]

    def trials(self) -> Iterator[TrialPointers]:
        """Yield once: pointers to a trial's matrices, inside of a generated loop over trials."""
        pairs = [
            (self._pointer(base), self._word(step))
            for base, step in (
                (Word.A, Word.A_NEXT),
                (Word.B, Word.B_NEXT),
                (Word.C, Word.C_NEXT),
                (Word.EXTRA, Word.EXTRA_NEXT),
            )
        ]
        turn = Loop(self.emitter, integer(0), self._word(Word.COUNT))
        times = self.emitter.times
        matrices = (self.emitter.at(base, times(turn.index, step)) for base, step in pairs)
        yield TrialPointers(turn.index, *matrices)
        turn.end()

    def skip(self, trial: TrialPointers) -> SkipPointers:
        """Return the pointers and gains of a trial's skip."""
        emitter = self.emitter
        offset = emitter.times(trial.number, self._word(Word.C_NEXT))
        carried, branch = (
            emitter.at(self._pointer(word), offset) for word in (Word.CARRIED, Word.BRANCH)
        )
        skip_gain, branch_gain = (
            emitter.spread(emitter.builder.load(emitter.at(self._pointer(word), trial.number)))
            for word in (Word.SKIP_GAIN, Word.BRANCH_GAIN)
        )
        return SkipPointers(carried, branch, skip_gain, branch_gain)

    def panels(self) -> Iterator[Panel]:
        """Yield a panel inside of a generated loop over full panels, and then the narrower rest."""
        lanes = self._vectors.lanes
        most = max(1, self._vectors.registers // _REGISTERS_PER_VECTOR)
        whole, left = divmod(self._columns, most * lanes)
        if whole:
            stop = integer(whole * most * lanes)
            turn = Loop(self.emitter, integer(0), stop, most * lanes)
            yield Panel(turn.index, (lanes,) * most, lanes)
            turn.end()
        if left:
            counts = tuple(min(lanes, left - start) for start in range(0, left, lanes))
            yield Panel(integer(self._columns - left), counts, lanes)

    def tiles(
        self,
        trial: TrialPointers,
        panel: Panel,
        b: ir.Value,
        b_row: ir.Value,
        begin: Sequence[ir.Value],
    ) -> Iterator[tuple[ir.Value, list[ir.Value]]]:
        """Yield a row's offset in C and its sums, for each row of a tile inside of generated loops.

        Args:
            trial: Pointers to the trial's matrices, of which A is used.
            panel: Columns of the tile.
            b: Pointer to the second factor.
            b_row: Stride of its rows.
            begin: Initial value of the sums, one vector for each of the panel.
        """
        start = integer(0)
        for height in self._heights(len(panel.counts)):
            turn = Loop(self.emitter, start, self._rows, height)
            first = self.emitter.at(trial.a, self.emitter.times(turn.index, self._a_row))
            tile = self._tile(first, height, panel, b, b_row, begin)
            for i, row in enumerate(tile):
                number = self.emitter.builder.add(turn.index, integer(i))
                yield self.emitter.times(number, self._c_row), row
            turn.end()
            start = turn.index

    def transpose(self, trial: TrialPointers) -> None:
        """Write the transpose of B, ``columns`` rows and ``terms`` columns, to the scratch.

        Squares of as many rows as a vector has lanes are transposed in registers: the upper half of
        the rows is interleaved with the lower half, log2(lanes) times.
        """
        emitter, lanes = self.emitter, self._vectors.lanes
        padded_terms = emitter.builder.add(self.terms, integer(lanes - 1))
        turn = Loop(emitter, integer(0), padded_terms, lanes)
        inside = emitter.lanes_below(emitter.builder.sub(self.terms, turn.index))
        stride = integer(padded(self._columns))
        target = emitter.at(self.scratch, emitter.times(turn.index, stride))
        whole, left = divmod(self._columns, lanes)
        if whole:
            square = Loop(emitter, integer(0), integer(whole * lanes), lanes)
            self._transpose_square(trial, turn.index, square.index, lanes, inside, target)
            square.end()
        if left:
            top = integer(whole * lanes)
            self._transpose_square(trial, turn.index, top, left, inside, target)
        turn.end()

    def _transpose_square(
        self,
        trial: TrialPointers,
        column: ir.Value,
        top: ir.Value,
        count: int,
        inside: ir.Value,
        target: ir.Value,
    ) -> None:
        """Transpose a square of B, of which ``count`` rows exist; the other rows are 0."""
        emitter, lanes = self.emitter, self._vectors.lanes
        first = emitter.at(trial.b, emitter.times(top, self.b_row), column)
        rows = [
            emitter.load_masked(emitter.at(first, emitter.times(integer(i), self.b_row)), inside)
            for i in range(count)
        ]
        rows += [self._vectors.constant(0.0)] * (lanes - count)
        stride = padded(self._columns)
        for i, values in enumerate(self._interleaved(rows)):
            emitter.store(values, emitter.at(target, top, integer(i * stride)), lanes)

    def _interleaved(self, rows: list[ir.Value]) -> list[ir.Value]:
        lanes = half = len(rows)
        pairs = [i // 2 + lanes * (i % 2) for i in range(2 * lanes)]
        while half > 1:
            upper, lower = rows[: lanes // 2], rows[lanes // 2 :]
            rows = [
                self.emitter.shuffle(first, second, part)
                for first, second in zip(upper, lower, strict=True)
                for part in (pairs[:lanes], pairs[lanes:])
            ]
            half //= 2
        return rows

    def _tile(
        self,
        a: ir.Value,
        height: int,
        panel: Panel,
        b: ir.Value,
        b_row: ir.Value,
        begin: Sequence[ir.Value],
    ) -> list[list[ir.Value]]:
        emitter, width = self.emitter, len(panel.counts)
        rows = [emitter.at(a, emitter.times(integer(i), self._a_row)) for i in range(height)]
        turn = Loop(emitter, integer(0), self.terms, 1, list(begin) * height)
        given = panel.load(emitter, emitter.at(b, emitter.times(turn.index, b_row)))
        step = emitter.times(turn.index, self.a_term)
        sums = []
        for i, row in enumerate(rows):
            number = emitter.spread(emitter.builder.load(emitter.at(row, step)))
            before = turn.values[i * width : (i + 1) * width]
            sums += [emitter.multiply_add(number, v, s) for v, s in zip(given, before, strict=True)]
        done = turn.end(sums)
        return [done[i * width : (i + 1) * width] for i in range(height)]

    def _heights(self, width: int) -> list[int]:
        """Return the heights of tiles in decreasing order; the last one, 1, fits any rest."""
        registers = self._vectors.registers
        most = max(1, (registers - registers // _SPARE) // width)
        return sorted({most, min(4, most), 1}, reverse=True)

    def _word(self, word: Word) -> ir.Value:
        return self.emitter.builder.load(self.emitter.builder.gep(self._call, [integer(word)]))

    def _pointer(self, word: Word) -> ir.Value:
        return self.emitter.builder.inttoptr(self._word(word), self._vectors.pointer)
