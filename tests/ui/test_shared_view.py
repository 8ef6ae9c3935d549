import pytest

from graft_core.ui.maps import View
from graft_core.ui.shared_view import view_from_address


def test_view_in_the_address_is_gone_to() -> None:
    assert view_from_address("44.31200_9.05000_14") == View((44.312, 9.05), 14)
    assert view_from_address("-44.3_-179.9_1") == View((-44.3, -179.9), 1)


@pytest.mark.parametrize(
    "at", ["", "44.3_9.05", "a_b_c", "nan_9_14", "91_9_14", "44_181_14", "44_9_99", "44_9_0", "1_2_3_4"]
)
def test_anything_else_leaves_the_map_where_it_is(at: str) -> None:
    assert view_from_address(at) == View()
