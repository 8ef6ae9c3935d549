"""Words that show that a phrase is no name of something to look for."""

NOT_NAMES = frozenset(
    """
    i me my mine we us our you your he him his she her they them their it its one who whom whose what which when
    where why how is are was were be been being am do does did done have has had can could will would shall
    should may might must not no never none nothing this that these those there here and or but if then than
    else as more less fewer most least many much few very too so such with without from to for about at by in on
    into onto over under between through during before after because while until per versus vs please ignore
    disregard forget instruction instructions prompt import exec eval execute run print return tell say show
    give write lambda def class colour color live lives living owner owners name names old age year years equal
    equals same number amount percentage percent share fraction proportion difference exist exists cover covers
    covered contain contains largest biggest smallest larger bigger smaller greater higher lower nearest closest
    only just all any some a an the image picture photo scene presence present visible density ratio distance
    both average mean total
    """.split()  # noqa: SIM905 - a list of one word a line would fill pages
)
"""A phrase that holds one of these was not understood."""
