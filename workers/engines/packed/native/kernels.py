"""The matrix products of a layer, as functions made for one width.

Each number of a result is one chain of fused multiplications and additions, in the order of the
summed index and rounded after each, and so is each column sum. How rows are tiled and how long
vectors are changes the speed alone: a row's result does not depend on the other rows, on how many
there are, or on the model of the processor.

All matrices are row by row. A function takes the address of its call, an integer of 64 bits for
each `Word`: addresses in bytes, steps in numbers.

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
"""A tile's rows have one vector for every so many registers: 4 with AVX-512, 2 with AVX2."""

_SPARE = 4
"""One register in so many holds no part of a tile's result, but a row of B or a number of A."""


class Word(IntEnum):
    """A call in memory; its product is ``C = A B``, of ``ROWS`` rows and ``TERMS`` terms."""

    CODE = 0  # Address of the kernel's.
    COUNT = 1  # Products of the call; the steps between them are the *_NEXT.
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
    EXTRA = 14  # What the kernel needs besides.
    EXTRA_NEXT = 15
    SCRATCH = 16
    SLOPE = 17  # The bits of a number of the kernel's precision.
    # Of a layer with a skip, in matrices with the steps of C, and in columns of one per product:
    CARRIED = 18  # What is carried past the layer.
    BRANCH = 19  # Output of the nonlinearity.
    SKIP_GAIN = 20
    BRANCH_GAIN = 21


class Epilogue(StrEnum):
    """What a nonlinearity that is fused with a product does below 0; above it is the identity."""

    NONE = "none"  # Nothing is fused.
    FLAT = "flat"  # It is 0.
    SLOPED = "sloped"  # It is a line, of the call's slope.


@dataclass(frozen=True, slots=True)
class _Panel:
    """Neighbouring columns that are computed together.

    Attributes:
        start: The first of them.
        counts: How many columns each of their vectors has.
        lanes: Numbers of a vector.
    """

    start: ir.Value
    counts: tuple[int, ...]
    lanes: int

    def vectors(self, emitter: Emitter, row: ir.Value) -> list[tuple[ir.Value, int]]:
        """Return, for each vector, where it is in a row and how many numbers it has."""
        start = emitter.at(row, self.start)
        return [
            (emitter.at(start, integer(i * self.lanes)), count)
            for i, count in enumerate(self.counts)
        ]

    def load(self, emitter: Emitter, row: ir.Value) -> list[ir.Value]:
        """Return the vectors of a row."""
        return [emitter.load(at, count) for at, count in self.vectors(emitter, row)]

    def store(self, emitter: Emitter, values: Sequence[ir.Value], row: ir.Value) -> None:
        """Write the vectors of a row."""
        for (at, count), value in zip(self.vectors(emitter, row), values, strict=True):
            emitter.store(value, at, count)

    def zeros(self, vectors: Vectors) -> list[ir.Value]:
        return [vectors.constant(0.0)] * len(self.counts)


def affine(
    vectors: Vectors, name: str, columns: int, epilogue: Epilogue, *, skips: bool = False
) -> None:
    """Define ``C = f(A B' + bias)``, with B of ``columns`` rows; EXTRA is the bias.

    With a skip, BRANCH gets that, and ``C = SKIP_GAIN * CARRIED + BRANCH_GAIN * BRANCH``.

    Args:
        vectors: Of the module.
        name: Of the function.
        columns: Of the result.
        epilogue: f's.
        skips: Whether the layer has a skip.
    """
    product = _Product(vectors, name, columns)
    emitter = product.emitter
    stride = integer(padded(columns))
    for trial in product.trials():
        skip = product.skip(trial) if skips else None
        product.transpose(trial)
        for panel in product.panels():
            bias = panel.load(emitter, trial.extra)
            for row, sums in product.tiles(trial, panel, product.scratch, stride, bias):
                results = product.rectified(epilogue, sums, sums)
                if skip is not None:
                    panel.store(emitter, results, emitter.at(skip.branch, row))
                    carried = panel.load(emitter, emitter.at(skip.carried, row))
                    results = skip.output(emitter, results, carried)
                panel.store(emitter, results, emitter.at(trial.c, row))
    product.end()


def multiply(
    vectors: Vectors, name: str, columns: int, epilogue: Epilogue, *, skips: bool = False
) -> None:
    """Define ``C = (A B) * f'(EXTRA)``; EXTRA has the shape of C and the sign of f's input.

    With a skip, ``A B + SKIP_GAIN * CARRIED`` is written over CARRIED, and C is BRANCH_GAIN times
    that instead of ``A B``. Arguments are those of `affine`.
    """
    product = _Product(vectors, name, columns)
    emitter = product.emitter
    for trial in product.trials():
        skip = product.skip(trial) if skips else None
        for panel in product.panels():
            zeros = panel.zeros(vectors)
            for row, sums in product.tiles(trial, panel, trial.b, product.b_row, zeros):
                results = sums
                if skip is not None:
                    place = emitter.at(skip.carried, row)
                    errors = skip.errors(emitter, sums, panel.load(emitter, place))
                    panel.store(emitter, errors, place)
                    results = [emitter.scaled(error, skip.branch_gain) for error in errors]
                if epilogue is not Epilogue.NONE:
                    signs = panel.load(emitter, emitter.at(trial.extra, row))
                    results = product.rectified(epilogue, results, signs)
                panel.store(emitter, results, emitter.at(trial.c, row))
    product.end()


def column_sums(vectors: Vectors, name: str, columns: int) -> None:
    """Define ``EXTRA = sum of the rows of A``, with TERMS rows at steps of A_TERM."""
    product = _Product(vectors, name, columns)
    emitter = product.emitter
    for trial in product.trials():
        for panel in product.panels():
            turn = Loop(emitter, integer(0), product.terms, 1, panel.zeros(vectors))
            row = emitter.at(trial.a, emitter.times(turn.index, product.a_term))
            pairs = zip(turn.values, panel.load(emitter, row), strict=True)
            sums = turn.end([emitter.add(total, value) for total, value in pairs])
            panel.store(emitter, sums, trial.extra)
    product.end()


def runner(module: ir.Module, name: str) -> None:
    """Define a function that makes calls, from the address of the first and their number."""
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [INT, INT]), name)
    calls, count = function.args
    emitter = Emitter(Vectors(module, ir.FloatType(), 1, 1), function)
    builder = emitter.builder
    turn = Loop(emitter, integer(0), count)
    call = builder.add(calls, builder.mul(turn.index, integer(8 * len(Word))))
    kernel = ir.FunctionType(ir.VoidType(), [INT]).as_pointer()
    code = builder.load(builder.inttoptr(call, INT_POINTER))
    builder.call(builder.inttoptr(code, kernel), [call])
    turn.end()
    builder.ret_void()


@dataclass(frozen=True, slots=True)
class _Trial:
    """A trial's number, and pointers to its matrices."""

    number: ir.Value
    a: ir.Value
    b: ir.Value
    c: ir.Value
    extra: ir.Value


@dataclass(frozen=True, slots=True)
class _Skip:
    """Pointers to the matrices of one trial's skip, and vectors of its gains."""

    carried: ir.Value
    branch: ir.Value
    skip_gain: ir.Value
    branch_gain: ir.Value

    def output(
        self, emitter: Emitter, branch: list[ir.Value], carried: list[ir.Value]
    ) -> list[ir.Value]:
        """Return the layer's output."""
        return [
            emitter.multiply_add(each, self.branch_gain, emitter.scaled(past, self.skip_gain))
            for each, past in zip(branch, carried, strict=True)
        ]

    def errors(
        self, emitter: Emitter, through: list[ir.Value], carried: list[ir.Value]
    ) -> list[ir.Value]:
        """Return the errors before the layer, from those through its matrix and past it."""
        return [
            emitter.multiply_add(past, self.skip_gain, each)
            for each, past in zip(through, carried, strict=True)
        ]


class _Product:
    """What the kernels have in common: arguments, the loop over trials, tiles."""

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
        place = self.emitter.builder.gep(self._call, [integer(Word.SLOPE)])
        slope = self.emitter.builder.load(self.emitter.builder.bitcast(place, vectors.pointer))
        self._slope = self.emitter.spread(slope)

    def end(self) -> None:
        self.emitter.builder.ret_void()

    def rectified(
        self, epilogue: Epilogue, values: list[ir.Value], signs: list[ir.Value]
    ) -> list[ir.Value]:
        """Return vectors as they are where others are positive, and bent where they are not."""
        if epilogue is Epilogue.NONE:
            return values
        slope = self._slope if epilogue is Epilogue.SLOPED else None
        pairs = zip(values, signs, strict=True)
        return [self.emitter.rectified(value, sign, slope) for value, sign in pairs]

    def trials(self) -> Iterator[_Trial]:
        """Yield, once, the pointers of the trial that the generated loop is at."""
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
        yield _Trial(turn.index, *matrices)
        turn.end()

    def skip(self, trial: _Trial) -> _Skip:
        """Return the skip of the trial that the generated loop is at."""
        emitter = self.emitter
        offset = emitter.times(trial.number, self._word(Word.C_NEXT))
        carried, branch = (
            emitter.at(self._pointer(word), offset) for word in (Word.CARRIED, Word.BRANCH)
        )
        skip_gain, branch_gain = (
            emitter.spread(emitter.builder.load(emitter.at(self._pointer(word), trial.number)))
            for word in (Word.SKIP_GAIN, Word.BRANCH_GAIN)
        )
        return _Skip(carried, branch, skip_gain, branch_gain)

    def panels(self) -> Iterator[_Panel]:
        """Yield the panel that a generated loop over whole ones is at, and the one that is left."""
        lanes = self._vectors.lanes
        most = max(1, self._vectors.registers // _REGISTERS_PER_VECTOR)
        whole, left = divmod(self._columns, most * lanes)
        if whole:
            stop = integer(whole * most * lanes)
            turn = Loop(self.emitter, integer(0), stop, most * lanes)
            yield _Panel(turn.index, (lanes,) * most, lanes)
            turn.end()
        if left:
            counts = tuple(min(lanes, left - start) for start in range(0, left, lanes))
            yield _Panel(integer(self._columns - left), counts, lanes)

    def tiles(
        self, trial: _Trial, panel: _Panel, b: ir.Value, b_row: ir.Value, begin: Sequence[ir.Value]
    ) -> Iterator[tuple[ir.Value, list[ir.Value]]]:
        """Yield a row's offset in C and its vectors, for each row of the generated loops' tiles.

        Args:
            trial: Whose A.
            panel: Columns.
            b: The second factor.
            b_row: Numbers from one row of it to the next.
            begin: What the sums start from, a vector for each of the panel's.
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

    def transpose(self, trial: _Trial) -> None:
        """Write B, of ``columns`` rows and ``terms`` columns, to the scratch by its columns.

        Squares of as many numbers as a vector has go through the registers: to interleave the
        upper half of the rows with the lower, log2 of their number times, transposes them.
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
        trial: _Trial,
        column: ir.Value,
        top: ir.Value,
        count: int,
        inside: ir.Value,
        target: ir.Value,
    ) -> None:
        """Transpose some columns of a few rows; rows that are missing are 0."""
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
        panel: _Panel,
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
        """Return the heights of tiles, the greatest first, 1 the last."""
        registers = self._vectors.registers
        most = max(1, (registers - registers // _SPARE) // width)
        return sorted({most, min(4, most), 1}, reverse=True)

    def _word(self, word: Word) -> ir.Value:
        return self.emitter.builder.load(self.emitter.builder.gep(self._call, [integer(word)]))

    def _pointer(self, word: Word) -> ir.Value:
        return self.emitter.builder.inttoptr(self._word(word), self._vectors.pointer)
