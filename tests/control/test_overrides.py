from ddsp_pi.control.overrides import Overrides


def test_a_held_jack_counts_instead_of_its_cable_until_it_is_released():
    overrides = Overrides()
    assert overrides.over((1.0, 2.0, 3.0)) == (1.0, 2.0, 3.0)
    overrides.hold(2, -5.0)
    overrides.hold(3, 0.5)
    assert overrides.over((1.0, 2.0, 3.0, 5.0)) == (1.0, -5.0, 0.5, 5.0)
    overrides.hold(2, 4.0)
    overrides.release(3)
    overrides.release(1)
    assert overrides.over((1.0, 2.0, 3.0)) == (1.0, 4.0, 3.0)
