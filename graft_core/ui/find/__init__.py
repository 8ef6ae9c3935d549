"""Find imagery, a view of the Library: search a catalogue, choose, get."""
