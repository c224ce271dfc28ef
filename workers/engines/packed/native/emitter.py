"""Generation of LLVM's intermediate representation: vectors of numbers and counted loops."""

from collections.abc import Sequence
from dataclasses import dataclass

from llvmlite import ir

INT = ir.IntType(64)
INT_POINTER = INT.as_pointer()
_LANE = ir.IntType(32)
_BIT = ir.IntType(1)


def integer(value: int) -> ir.Constant:
    """Return a 64-bit integer constant."""
    return INT(value)


@dataclass(frozen=True, slots=True)
class Vectors:
    """Type of the vectors of a module.

    Attributes:
        module: Module in which intrinsics are declared.
        real: Floating-point type of a number.
        lanes: Numbers of a vector.
        registers: Vector registers of a core.
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
        """Bytes of a number."""
        return 8 if isinstance(self.real, ir.DoubleType) else 4

    def intrinsic(self, name: str, result: ir.Type, arguments: Sequence[ir.Type]) -> ir.Function:
        """Return the intrinsic function of a name for these vectors, declared at its first use."""
        full = f"llvm.{name}.v{self.lanes}f{8 * self.bytes}"
        full += ".p0" if name.startswith("masked") else ""
        known = self.module.globals.get(full)
        return known or ir.Function(self.module, ir.FunctionType(result, arguments), full)

    def constant(self, value: float) -> ir.Constant:
        """Return a vector with the same constant in all lanes."""
        return ir.Constant(self.vector, [value] * self.lanes)

    def first(self, count: int) -> ir.Constant:
        """Return a mask of the first ``count`` lanes."""
        return ir.Constant(
            ir.VectorType(_BIT, self.lanes), [int(i < count) for i in range(self.lanes)]
        )


class Emitter:
    """Writer of the instructions of one function."""

    def __init__(self, vectors: Vectors, function: ir.Function) -> None:
        """Open the function's entry block."""
        self.vectors = vectors
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))

    def at(self, base: ir.Value, *offsets: ir.Value) -> ir.Value:
        """Return a pointer plus some offsets, which count numbers."""
        for offset in offsets:
            base = self.builder.gep(base, [offset])
        return base

    def times(self, left: ir.Value, right: ir.Value) -> ir.Value:
        return self.builder.mul(left, right)

    def load(self, pointer: ir.Value, count: int) -> ir.Value:
        """Load a vector; lanes from ``count`` on are 0, and their memory is not read."""
        if count >= self.vectors.lanes:
            # Aligned only to a number: rows of any width start anywhere.
            return self.builder.load(self._cast(pointer), align=self.vectors.bytes)
        return self.load_masked(pointer, self.vectors.first(count))

    def load_masked(self, pointer: ir.Value, mask: ir.Value) -> ir.Value:
        """Load a vector; lanes outside of the mask are 0, and their memory is not read."""
        vectors, place = self.vectors, self._cast(pointer)
        kinds = [place.type, _LANE, mask.type, vectors.vector]
        function = vectors.intrinsic("masked.load", vectors.vector, kinds)
        align, zero = _LANE(vectors.bytes), vectors.constant(0.0)
        return self.builder.call(function, [place, align, mask, zero])

    def store(self, value: ir.Value, pointer: ir.Value, count: int) -> None:
        """Store the first ``count`` lanes of a vector."""
        vectors, place = self.vectors, self._cast(pointer)
        if count >= vectors.lanes:
            self.builder.store(value, place, align=vectors.bytes)
            return
        mask = vectors.first(count)
        kinds = [value.type, place.type, _LANE, mask.type]
        function = vectors.intrinsic("masked.store", ir.VoidType(), kinds)
        self.builder.call(function, [value, place, _LANE(vectors.bytes), mask])

    def spread(self, value: ir.Value) -> ir.Value:
        """Return a vector with the same value in all lanes."""
        nothing = ir.Constant(ir.VectorType(value.type, self.vectors.lanes), ir.Undefined)
        one = self.builder.insert_element(nothing, value, _LANE(0))
        return self.shuffle(one, nothing, [0] * self.vectors.lanes)

    def shuffle(self, left: ir.Value, right: ir.Value, lanes: Sequence[int]) -> ir.Value:
        """Return chosen lanes of two vectors; lanes of the second are counted after the first's."""
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
        """Return lanes of ``value`` where ``sign`` is positive or NaN, else ``slope`` times them.

        Without a slope the other lanes are 0, also where ``value`` is infinite.
        """
        # The unordered comparison is true for NaN, which so stays visible in the loss.
        positive = self.builder.fcmp_unordered(">", sign, self.vectors.constant(0.0))
        other = self.vectors.constant(0.0) if slope is None else self.builder.fmul(value, slope)
        return self.builder.select(positive, value, other)

    def lanes_below(self, count: ir.Value) -> ir.Value:
        """Return the mask of the lanes whose index is below a count."""
        lanes = self.vectors.lanes
        numbers = ir.Constant(ir.VectorType(INT, lanes), list(range(lanes)))
        return self.builder.icmp_signed("<", numbers, self.spread(count))

    def _cast(self, pointer: ir.Value) -> ir.Value:
        return self.builder.bitcast(pointer, self.vectors.vector.as_pointer())


class Loop:
    """A generated loop over ``start, start + step, ...`` while ``index + step <= stop``.

    Attributes:
        index: The counter; after `end`, the first number that the loop did not process.
        values: Values carried from one iteration to the next, in the present iteration.
    """

    def __init__(
        self,
        emitter: Emitter,
        start: ir.Value,
        stop: ir.Value,
        step: int = 1,
        carried: Sequence[ir.Value] = (),
    ) -> None:
        """Open the loop's body.

        Args:
            emitter: Writer of the function.
            start: First value of the counter.
            stop: Upper bound of ``index + step``.
            step: Increment of the counter.
            carried: Initial values of `values`.
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
        """Close the loop's body.

        Args:
            carried: Values for the next iteration.

        Returns:
            Values after the last iteration.
        """
        for phi, value in zip(self.values, carried, strict=True):
            phi.add_incoming(value, self._builder.block)
        following = self._builder.add(self.index, integer(self._step))
        self.index.add_incoming(following, self._builder.block)
        self._builder.branch(self._head)
        self._builder.position_at_end(self._after)
        return self.values
