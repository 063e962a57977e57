"""A watched store inside an IT block leaves the core's state alone.

Unicorn 2.1.4 keeps the IT bits of the interrupted block when a memory hook fires inside one: the instructions after the
branch were then skipped or made conditional. The hook puts them right.
"""

import pytest

from netsuke.boards import testbench_board
from netsuke.emulate import Machine
from netsuke.emulate.counter import CountPlan, Watch

PROBE = """
__attribute__((naked)) int32_t probe(int32_t a, int32_t *p);
__attribute__((naked)) int32_t probe(__attribute__((unused)) int32_t a, __attribute__((unused)) int32_t *p) {
    __asm__ volatile(
        ".syntax unified\\n cmp r0, #5\\n ittt lt\\n strlt r0, [r1]\\n ldrlt r2, [r1]\\n cmplt r2, #2\\n bge 1f\\n"
        "movs r0, #40\\n adds r0, #1\\n adds r0, #1\\n bx lr\\n 1: movs r0, #70\\n adds r0, #7\\n bx lr\\n");
}
int main(void) { return 0; }
"""
BUFFER = 0x2010_0000


@pytest.mark.parametrize("core", ["cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33"])
@pytest.mark.parametrize(("given", "wanted"), [(1, 42), (3, 77), (9, 77)])
def test_what_follows_is_executed(compile_c, core, given, wanted):
    image = compile_c(PROBE, core, keep=("probe",))
    board = testbench_board(core)
    watch = Watch(arena=(BUFFER, BUFFER + 4), stack=(BUFFER + 4096, board.ram.end))
    for plan in (CountPlan(), CountPlan(watch=watch)):
        with Machine(image, board, plan=plan) as machine:
            assert machine.call("probe", given, BUFFER) == wanted
