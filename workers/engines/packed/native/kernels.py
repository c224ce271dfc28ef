"""Kernels for the matrix products of a layer, generated for one width.

Each number of a result is one chain of fused multiply-adds, in the order of the summed index, each
rounded once; column sums are chains of additions. The tiling of rows and the length of vectors
change only the speed: the result of a row does not depend on the other rows, on their number, or
on the model of the processor.

All matrices are stored row by row. A function takes the address of its call, which is an integer
of 64 bits for each `Word`: addresses in bytes, strides in numbers.
"""

from llvmlite import ir

from workers.engines.packed.native.emitter import INT, INT_POINTER, Emitter, Loop, Vectors, integer
from workers.engines.packed.native.product import Epilogue, ProductWriter, Word
from workers.estimates.sizes import padded


def affine(
    vectors: Vectors, name: str, columns: int, epilogue: Epilogue, *, skips: bool = False
) -> None:
    """Define ``C = f(A B' + bias)``, where B has ``columns`` rows and EXTRA is the bias.

    With a skip, that value is written to BRANCH, and
    ``C = SKIP_GAIN * CARRIED + BRANCH_GAIN * BRANCH``.

    Args:
        vectors: Type of the vectors.
        name: Name of the function.
        columns: Columns of the result.
        epilogue: The nonlinearity f, as far as the kernel computes it.
        skips: Whether the layer has a skip.
    """
    product = ProductWriter(vectors, name, columns)
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
    that instead of ``A B``.

    Args:
        vectors: Type of the vectors.
        name: Name of the function.
        columns: Columns of the result.
        epilogue: The nonlinearity f, as far as the kernel computes its derivative.
        skips: Whether the layer has a skip.
    """
    product = ProductWriter(vectors, name, columns)
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
    """Define ``EXTRA = sum of the rows of A``, which has TERMS rows with the stride A_TERM."""
    product = ProductWriter(vectors, name, columns)
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
    """Define a function that runs a table of calls, given its address and their number."""
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
