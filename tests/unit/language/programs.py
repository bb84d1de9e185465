"""Generated programs: statements that declare, assign, shadow and loop over a few names, and note what they see in `log`."""

from hypothesis import strategies as st

NAMES = ["a", "b", "c", "d"]
FIXED = ["k", "m"]  # constants of every program
DECLARED = "const log = [], k = 7, m = {n: 1}; let a = 1, b = 2; var c = 3, d = [4];"
SEEN = "(s => s.length < 2_000 ? s : s.length)(JSON.stringify(log.concat([a, b, c, d, k, m])))"

names = st.sampled_from(NAMES)
numbers = st.integers(0, 9).map(str)
operands = st.one_of(names, names, numbers, st.sampled_from(["k", "m.n", "[...log].length", "`x${a}`", "(b, c)", "typeof d"]))


@st.composite
def expressions(draw: st.DrawFn) -> str:
    """A value made of the names."""
    x, y, z = draw(operands), draw(operands), draw(operands)
    form = draw(
        st.sampled_from(["{x}", "{x} + {y}", "{x} > {y} ? {x} : {z}", "[{x}, {y}]", "({{p: {x}, q: {y}}})", "(() => {x})()"])
    )
    return form.format(x=x, y=y, z=z)


def filled(form: str) -> st.SearchStrategy[str]:
    """A form with names for N, any name or constant for T, and values for X and Y."""
    targets = st.sampled_from([*NAMES, *FIXED])
    parts = st.tuples(names, names, targets, expressions(), expressions())
    return parts.map(
        lambda p: form.replace("N1", p[0]).replace("N2", p[1]).replace("T", p[2]).replace("X", p[3]).replace("Y", p[4])
    )


simple = st.sampled_from(
    [
        "N1 = X",
        "N1 += X",
        "N1 ||= X",
        "N1 ??= X",
        "[N1, N2] = [X, Y]",
        "({p: N1, q: N2 = X} = {p: Y})",
        "log.push(X)",
        "try { T = X } catch (e) { log.push(e.message) }",
        "try { T += 1 } catch (e) { log.push(e.message) }",
        "try { T &&= X } catch (e) { log.push(e.message) }",
        "try { [T] = [X] } catch (e) { log.push(e.message) }",
        "try { ({T} = {T: X}) } catch (e) { log.push(e.message) }",
        "try { for (T of [X]) log.push(T) } catch (e) { log.push(e.message) }",
        "m.n = X",
        "{ let T = X; T = Y; log.push(T) }",
        "{ const T = 5; log.push(T) }",
        "((T) => { T = X; log.push(T) })(Y)",
        "(function () { var T = 1; T++; log.push(T) })()",
        "(function N1() { log.push(typeof N1) })()",
        "for (let T = 0; T < 2; T++) log.push(T)",
        "for (const [T, u] of [[X, Y]]) { log.push(T, u) }",
        "for (const T in {p: 1, q: 2}) log.push(T)",
        "for (N1 of [X, Y]);",
        "out: for (const i of [1, 2, 3]) { for (;;) { if (i > 1) break out; log.push(i); continue out } }",
        "if (X) N1 = Y; else { N2 = X }",
        "switch (N1) { case X: log.push('x'); break; default: { let T = Y; log.push(T) } }",
        "try { throw X } catch (T) { T = Y; log.push(T) } finally { log.push('f') }",
        "try { throw {p: X} } catch ({p: N1}) { log.push(N1) }",
        "{ class K { static #s = X; static get s() { return K.#s } m(T) { T = Y; return T } } log.push(K.s, new K().m(1)) }",
        "{ class T { static v = 3 } log.push(T.v) }",
        "log.push([X, Y].map((T, i) => { T = i; return T }))",
        "log.push([...(function* () { yield X; yield* [Y] })()])",
        "var v = X; log.push(v)",
        "if (X) { var w = Y } log.push(w)",
        "for (var i = 0, j = X; i < 2; i++); log.push(i, j)",
        "for (var {p: q} of [{p: X}]); log.push(q)",
        "log.push(f(X)); function f(T) { T = [T]; return T }",
        "{ log.push(g()); function g() { return X } }",
        "log.push(`${`${X}`}`, /[/'\"`]/.test('/'))",
    ]
).flatmap(filled)


def bodies(*ends: str) -> st.SearchStrategy[list[str]]:
    """Statements, each with one of the ends."""
    ended = st.tuples(simple, st.sampled_from(ends)).map("".join)
    return st.lists(ended, min_size=1, max_size=6)
