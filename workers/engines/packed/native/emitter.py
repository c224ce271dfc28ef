"""A few words of LLVM's intermediate language: vectors of numbers and counted loops."""

from collections.abc import Sequence
from dataclasses import dataclass

from llvmlite import ir

INT = ir.IntType(64)
INT_POINTER = INT.as_pointer()
_LANE = ir.IntType(32)
_BIT = ir.IntType(1)


def integer(value: int) -> ir.Constant:
    """Return a constant of 64 bits."""
    return INT(value)


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors of real numbers in a module.

    Attributes:
        module: Where intrinsics are declared.
        real: Type of a number.
        lanes: Numbers of a vector.
        registers: Vectors that a core holds at once.
    """

    module: ir.Module
    real: ir.Type
    lanes: int
    registers: int

    @property
    def vector(self) -> ir.VectorType:
        return ir.VectorType(self.real, self.lanes)

    @property
    def pointer(self) -> ir.PointerType:
        return self.real.as_pointer()

    @property
    def bytes(self) -> int:
        """Return the size of a number."""
        return 8 if isinstance(self.real, ir.DoubleType) else 4

    def intrinsic(self, name: str, result: ir.Type, arguments: Sequence[ir.Type]) -> ir.Function:
        """Return one of LLVM's functions for these vectors, declared once."""
        full = f"llvm.{name}.v{self.lanes}f{8 * self.bytes}"
        full += ".p0" if name.startswith("masked") else ""
        known = self.module.globals.get(full)
        return known or ir.Function(self.module, ir.FunctionType(result, arguments), full)

    def constant(self, value: float) -> ir.Constant:
        """Return a vector of one number over and over."""
        return ir.Constant(self.vector, [value] * self.lanes)

    def first(self, count: int) -> ir.Constant:
        """Return the mask of the first lanes."""
        return ir.Constant(
            ir.VectorType(_BIT, self.lanes), [int(i < count) for i in range(self.lanes)]
        )


class Emitter:
    """Writes one function of a module, from its entry block to its end."""

    def __init__(self, vectors: Vectors, function: ir.Function) -> None:
        """Begin the function's body."""
        self.vectors = vectors
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))

    def at(self, base: ir.Value, *offsets: ir.Value) -> ir.Value:
        """Return a pointer further on by a sum of offsets, in numbers."""
        for offset in offsets:
            base = self.builder.gep(base, [offset])
        return base

    def times(self, left: ir.Value, right: ir.Value) -> ir.Value:
        return self.builder.mul(left, right)

    def load(self, pointer: ir.Value, count: int) -> ir.Value:
        """Return a vector; lanes from ``count`` on are 0 and their memory is not touched."""
        if count >= self.vectors.lanes:
            return self.builder.load(self._cast(pointer), align=self.vectors.bytes)
        return self.load_masked(pointer, self.vectors.first(count))

    def load_masked(self, pointer: ir.Value, mask: ir.Value) -> ir.Value:
        """Return a vector with 0 where the mask is not set."""
        vectors, place = self.vectors, self._cast(pointer)
        kinds = [place.type, _LANE, mask.type, vectors.vector]
        function = vectors.intrinsic("masked.load", vectors.vector, kinds)
        align, zero = _LANE(vectors.bytes), vectors.constant(0.0)
        return self.builder.call(function, [place, align, mask, zero])

    def store(self, value: ir.Value, pointer: ir.Value, count: int) -> None:
        """Write the first lanes of a vector."""
        vectors, place = self.vectors, self._cast(pointer)
        if count >= vectors.lanes:
            self.builder.store(value, place, align=vectors.bytes)
            return
        mask = vectors.first(count)
        kinds = [value.type, place.type, _LANE, mask.type]
        function = vectors.intrinsic("masked.store", ir.VoidType(), kinds)
        self.builder.call(function, [value, place, _LANE(vectors.bytes), mask])

    def spread(self, value: ir.Value) -> ir.Value:
        """Return a vector of one number over and over."""
        nothing = ir.Constant(ir.VectorType(value.type, self.vectors.lanes), ir.Undefined)
        one = self.builder.insert_element(nothing, value, _LANE(0))
        return self.shuffle(one, nothing, [0] * self.vectors.lanes)

    def shuffle(self, left: ir.Value, right: ir.Value, lanes: Sequence[int]) -> ir.Value:
        """Return lanes of two vectors, counted through both."""
        picked = ir.Constant(ir.VectorType(_LANE, len(lanes)), list(lanes))
        return self.builder.shuffle_vector(left, right, picked)

    def multiply_add(self, left: ir.Value, right: ir.Value, addend: ir.Value) -> ir.Value:
        """Return ``left * right + addend``, rounded once."""
        vector = self.vectors.vector
        function = self.vectors.intrinsic("fma", vector, [vector] * 3)
        return self.builder.call(function, [left, right, addend])

    def scaled(self, value: ir.Value, factor: ir.Value) -> ir.Value:
        return self.builder.fmul(value, factor)

    def add(self, left: ir.Value, right: ir.Value) -> ir.Value:
        return self.builder.fadd(left, right)

    def rectified(self, value: ir.Value, sign: ir.Value, slope: ir.Value | None) -> ir.Value:
        """Return a vector where another is positive or no number, and ``slope`` times it else.

        Without a slope 0, also of what is infinite.
        """
        positive = self.builder.fcmp_unordered(">", sign, self.vectors.constant(0.0))
        other = self.vectors.constant(0.0) if slope is None else self.builder.fmul(value, slope)
        return self.builder.select(positive, value, other)

    def lanes_below(self, count: ir.Value) -> ir.Value:
        """Return the mask of the lanes whose number is below a count."""
        lanes = self.vectors.lanes
        numbers = ir.Constant(ir.VectorType(INT, lanes), list(range(lanes)))
        return self.builder.icmp_signed("<", numbers, self.spread(count))

    def _cast(self, pointer: ir.Value) -> ir.Value:
        return self.builder.bitcast(pointer, self.vectors.vector.as_pointer())


class Loop:
    """A loop over ``start, start + step, ...`` while a whole step fits below ``stop``.

    Attributes:
        index: The counter; after `end`, the first number that was not taken.
        values: What goes from one turn to the next, as it is in this turn.
    """

    def __init__(
        self,
        emitter: Emitter,
        start: ir.Value,
        stop: ir.Value,
        step: int = 1,
        carried: Sequence[ir.Value] = (),
    ) -> None:
        """Begin the loop's body.

        Args:
            emitter: Of the function.
            start: First number.
            stop: Bound.
            step: Difference of two numbers.
            carried: Values before the first turn.
        """
        self._builder, self._step = emitter.builder, step
        before, function = self._builder.block, self._builder.function
        self._head = function.append_basic_block("head")
        self._after = function.append_basic_block("after")
        body = function.append_basic_block("body")
        self._builder.branch(self._head)
        self._builder.position_at_end(self._head)
        self.index = self._builder.phi(INT)
        self.index.add_incoming(start, before)
        self.values = [self._builder.phi(value.type) for value in carried]
        for phi, value in zip(self.values, carried, strict=True):
            phi.add_incoming(value, before)
        end = self._builder.add(self.index, integer(step))
        self._builder.cbranch(self._builder.icmp_signed("<=", end, stop), body, self._after)
        self._builder.position_at_end(body)

    def end(self, carried: Sequence[ir.Value] = ()) -> list[ir.Value]:
        """End the body.

        Args:
            carried: Values after this turn.

        Returns:
            Values after the last turn.
        """
        for phi, value in zip(self.values, carried, strict=True):
            phi.add_incoming(value, self._builder.block)
        following = self._builder.add(self.index, integer(self._step))
        self.index.add_incoming(following, self._builder.block)
        self._builder.branch(self._head)
        self._builder.position_at_end(self._after)
        return self.values
