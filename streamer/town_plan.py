"""The hand-drawn part of the demo's fictional town: coast, main streets, districts, names.

Metres, x east and y north of the anchor, which lies in the Thames estuary, where no such town is.
Read by `streamer.town_maker` only.
"""

from __future__ import annotations

from dataclasses import dataclass

XY = tuple[float, float]

TOWN_NAME = "Merrowmouth"
ANCHOR = (51.36, 1.03)  # lat, lon
HALF_X, HALF_Y = 1200.0, 940.0  # beyond this there are roads and fields, and no houses


@dataclass(frozen=True)
class District:
    """A warped street grid: centre, length × depth, angle from east, spacing of rows and columns (m)."""

    x: float
    y: float
    length: float
    depth: float
    angle: float
    row: float
    column: float
    width: float = 6.0


COAST: list[XY] = [
    (-3300, -1120), (-2400, -1010), (-1700, -880), (-1200, -760), (-860, -660), (-560, -570), (-330, -500), (-170, -450),
    (-40, -432), (60, -424), (500, -392), (640, -400), (780, -420), (960, -370), (1130, -270), (1330, -130), (1600, 40),
    (2100, 240), (2700, 420), (3300, 520),
]  # fmt: skip
RIVER: list[XY] = [
    (-620, 2500), (-560, 1700), (-600, 1250), (-470, 900), (-400, 620), (-440, 380), (-350, 160), (-262, -20), (-236, -110),
    (-176, -270), (-120, -420), (-96, -560), (-90, -700),
]  # fmt: skip
BASIN: list[XY] = [(96, -352), (236, -334), (404, -318), (452, -322), (462, -470), (96, -480)]
PIERS: list[tuple[float, list[XY]]] = [
    (13, [(78, -405), (92, -470), (150, -515), (236, -526)]),
    (15, [(470, -380), (474, -440), (440, -505), (350, -548)]),
    (9, [(214, -330), (226, -404)]),
    (9, [(318, -322), (330, -396)]),
    (8, [(-700, -590), (-756, -800)]),
]
RAIL: list[XY] = [
    (-3200, 700), (-1700, 640), (-1000, 610), (-500, 640), (-100, 600), (240, 556), (560, 590), (900, 720), (1500, 1020),
    (2600, 1500),
]  # fmt: skip
RAIL_NAME = "Estuary Line"

PARKS: list[tuple[str, list[XY]]] = [
    ("Priory Park", [(-690, 60), (-560, 130), (-430, 120), (-420, 0), (-470, -90), (-610, -100), (-720, -40)]),
    ("Castle Mead", [(560, -60), (660, -10), (720, -90), (690, -190), (600, -220), (548, -150)]),
    ("The Lammas", [(-250, 300), (-170, 330), (-110, 290), (-120, 190), (-200, 170), (-262, 220)]),
    ("Eastfield Recreation Ground", [(820, 150), (960, 260), (1060, 200), (1010, 80), (890, 50)]),
]
WOODS: list[list[XY]] = [
    [(1250, 500), (1500, 620), (1800, 520), (1740, 300), (1450, 220), (1290, 330)],
    [(-1500, 300), (-1300, 420), (-1240, 250), (-1330, 80), (-1520, 120)],
    [(-1900, 900), (-1500, 1050), (-1350, 860), (-1600, 740), (-1900, 760)],
]
PONDS: list[list[XY]] = [[(-600, 40), (-550, 56), (-528, 24), (-560, -4), (-606, 6)]]
SQUARES: list[list[XY]] = [
    [(44, -112), (120, -98), (126, -146), (50, -160)],  # Market Place
    [(232, 508), (300, 500), (304, 530), (238, 540)],  # station forecourt
]

# name, kind, width of the carriageway (m), points
STREETS: list[tuple[str, str, float, list[XY]]] = [
    ("Merrow Road", "major_road", 9.0, [(-3000, -420), (-1700, -330), (-1100, -290), (-700, -210), (-460, -150), (-320, -118)]),
    ("Merrow Bridge", "major_road", 9.0, [(-320, -118), (-240, -106), (-150, -92)]),
    ("Granby Street", "major_road", 9.0, [(-150, -92), (-20, -58), (180, 20), (420, 150), (660, 300)]),
    ("Eastfield Road", "major_road", 9.0, [(660, 300), (960, 440), (1240, 640), (1700, 860), (2900, 1180)]),
    ("London Road", "major_road", 9.0, [(-20, -58), (-40, 150), (-20, 400), (60, 720), (30, 1200), (-60, 2300)]),
    ("Harbour Street", "minor_road", 7.5, [(180, 20), (172, -80), (186, -190), (206, -302)]),
    ("Station Road", "minor_road", 7.5, [(180, 20), (196, 180), (232, 360), (262, 500)]),
    ("Quay Road", "minor_road", 8.0, [(-50, -352), (60, -326), (206, -302), (350, -286), (520, -296), (660, -330), (820, -338), (980, -268), (1180, -110), (1500, 130), (1900, 380), (2400, 560)]),
    ("Custom House Lane", "minor_road", 6.0, [(-150, -92), (-122, -212), (-50, -352)]),
    ("Fish Street", "minor_road", 6.5, [(-122, -212), (40, -204), (186, -190), (350, -166), (470, -150), (506, -146)]),
    ("Ropewalk", "minor_road", 7.0, [(420, 150), (468, 10), (506, -146), (520, -296)]),
    ("Market Row", "minor_road", 6.0, [(-20, -58), (30, -130), (40, -204)]),
    ("Butchery Lane", "minor_road", 5.5, [(172, -80), (122, -76), (30, -130)]),
    ("Marine Parade", "minor_road", 8.0, [(-1700, -800), (-1180, -680), (-860, -590), (-560, -500), (-330, -432), (-246, -392)]),
    ("West Quay", "minor_road", 6.5, [(-320, -118), (-282, -250), (-246, -392)]),
    ("Priory Road", "minor_road", 7.0, [(-320, -118), (-390, 60), (-520, 190), (-740, 170), (-960, 240), (-1300, 560)]),
    ("Ringway", "major_road", 8.5, [(-1700, 380), (-1300, 560), (-960, 500), (-640, 470), (-420, 470), (-20, 400), (232, 360), (480, 360), (660, 300)]),
    ("Castle Street", "minor_road", 7.0, [(660, 300), (760, 120), (780, -60), (770, -210), (820, -338)]),
    ("Beacon Road", "minor_road", 7.0, [(468, 10), (600, 40), (770, 30), (1000, -20), (1180, -110)]),
    ("Chapel Hill", "minor_road", 7.0, [(-700, -210), (-760, -30), (-740, 170), (-640, 470), (-700, 800), (-900, 1300), (-1000, 2200)]),
    ("Cliff Road", "minor_road", 7.0, [(-700, -210), (-640, -340), (-560, -500)]),
    ("Northgate", "minor_road", 7.5, [(60, 720), (330, 700), (620, 740), (960, 440)]),
    ("Mill Lane", "minor_road", 6.5, [(-700, 800), (-480, 760), (-220, 780), (60, 720)]),
    ("Tollgate Road", "minor_road", 7.0, [(620, 740), (700, 1000), (900, 1400), (1000, 2300)]),
    ("West Drove", "minor_road", 6.5, [(-1100, -290), (-1160, -480), (-1180, -680)]),
]  # fmt: skip

DISTRICTS: list[District] = [
    District(70, -130, 420, 260, 10, 46, 74, 5.5),  # Old Town, south of Granby Street
    District(340, -70, 300, 330, 8, 50, 78, 5.5),
    District(640, -190, 560, 330, -6, 60, 104),
    District(110, 190, 620, 330, 20, 60, 100),
    District(560, 170, 420, 330, 24, 62, 108),
    District(-220, 230, 360, 520, 4, 70, 108),
    District(-470, -330, 560, 330, 16, 66, 108),
    District(-900, -430, 520, 420, 14, 84, 150),
    District(-620, 300, 520, 320, -4, 84, 140),
    District(-950, 40, 480, 620, 8, 96, 160),
    District(950, -60, 480, 460, 34, 84, 150),
    District(900, 280, 520, 320, 28, 88, 150),
    District(100, 560, 900, 240, -4, 80, 140),
    District(-450, 640, 560, 260, 2, 96, 150),
    District(340, 840, 760, 260, 6, 96, 170),
    District(-300, 880, 760, 260, -2, 100, 170),
    District(-1050, 720, 560, 480, 8, 104, 180),
    District(900, 720, 560, 460, 30, 104, 180),
    District(0, 0, 2300, 1800, 6, 110, 190),
]

SIDE_NAMES: list[str] = [
    f"{stem} {way}"
    for way, stems in (
        ("Lane", "Cable Tanner Church Salt Kiln Sandy Garrison Bakehouse Cooper Lantern Oyster Saddler Thatcher Wherry Pudding"),
        ("Street", "Fore Nelson Wharf Tower Anchor Barbican Caxton Dover Foundry Hope Keel Mercer Pilot Sextant Spencer Union Wellington York"),
        ("Row", "Capstan Chandler Gurney Ladywell Pottery Smack Weaver Netmaker"),
        ("Road", "Albert Victoria Alma Shelley Trafalgar Holm Linden Windmill Orchard Coombe Abbey Belmont Clarence Darnley Essex Fairfield Gordon Hartley Ivy Kingsdown Lansdowne Manor Norfolk Oakley Park Queens Rectory Salisbury Tennyson Vicarage Warwick"),
        ("Terrace", "Alexandra Bayview Coastguard Estuary Grosvenor Portland Regent Westbourne"),
        ("Avenue", "Beech Chestnut Elmwood Hawthorn Lime Maple Poplar Rowan Sycamore Willow"),
        ("Close", "Heron Curlew Avocet Plover Teal Redshank Dunlin Wigeon Shelduck Brent Gannet Lapwing Tern Kestrel Osprey"),
        ("Way", "Ferry Spinnaker Halyard Jib Mizzen Topsail Tiller Rudder Bowline Windlass"),
        ("Grove", "Ash Birch Cedar Holly Juniper Larch Myrtle Laurel Rosemary Spindle"),
        ("Gardens", "Bellfield Cornfield Dene Fernhill Glebe Highfield Laurels Meadow Nightingale Parsonage Summerhill Thornbury"),
        ("Drive", "Barley Clover Foxglove Harrow Heather Primrose Sorrel Tansy Wheatfield Yarrow"),
        ("Place", "Ferryman Shipwright Caulker Harbinger Cathedral Jubilee Linnet Mariner"),
        ("Crescent", "Adelaide Brunswick Camden Denmark Howard Montague Sussex Waterloo"),
    )
    for stem in stems.split()
]  # fmt: skip

# name, height (m), footprint
LANDMARKS: list[tuple[str, float, list[XY]]] = [
    ("St Botolph's Church", 13.0, [(-86, -150), (-86, -162), (-72, -164), (-70, -174), (-58, -176), (-56, -166), (-32, -170), (-30, -156), (-54, -152), (-52, -142), (-64, -140), (-66, -150)]),
    ("Fish Market", 7.0, [(236, -318), (300, -309), (302, -320), (238, -330)]),
    ("Harbour Office", 8.5, [(54, -350), (80, -345), (82, -358), (56, -363)]),
    ("Merrowmouth Station", 7.5, [(226, 545), (304, 536), (305, 546), (228, 556)]),
    ("Bonded Warehouse", 12.0, [(380, -306), (436, -303), (437, -314), (381, -316)]),
    ("Town Hall", 12.0, [(54, -82), (92, -74), (96, -92), (58, -100)]),
    ("Lifeboat House", 8.0, [(486, -330), (508, -332), (507, -350), (485, -348)]),
]  # fmt: skip

PLACES: list[tuple[str, str, XY]] = [
    ("Merrowmouth", "town", (120, -60)),
    ("Old Town", "neighbourhood", (60, -150)),
    ("The Harbour", "neighbourhood", (280, -420)),
    ("Westcliff", "neighbourhood", (-520, -330)),
    ("Priory", "neighbourhood", (-560, 300)),
    ("Northgate", "neighbourhood", (200, 640)),
    ("Eastfield", "neighbourhood", (860, 330)),
    ("The Point", "neighbourhood", (920, -180)),
    ("Castle Mead", "neighbourhood", (640, -110)),
]

POIS: list[tuple[str, str, XY]] = [
    ("Crown and Anchor", "pub", (176, -292)),
    ("Fish Market", "marketplace", (268, -320)),
    ("Market Place", "square", (85, -128)),
    ("Town Hall", "townhall", (75, -87)),
    ("Merrowmouth Station", "station", (266, 546)),
    ("St Botolph's Church", "place_of_worship", (-60, -160)),
    ("Harbour Office", "harbourmaster", (68, -354)),
    ("Bonded Warehouse", "warehouse", (408, -310)),
    ("Police Station", "police", (-8, -30)),
    ("Lifeboat House", "lifeboat", (496, -340)),
    ("Priory School", "school", (-600, 240)),
    ("The Pier", "pier", (-728, -700)),
    ("Castle Mead Bandstand", "bandstand", (640, -110)),
]
