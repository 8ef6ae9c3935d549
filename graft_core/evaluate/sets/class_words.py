"""The classes of published benchmark sets: the name a set gives each, and the words a query asks for it with."""

from collections.abc import Mapping

EUROSAT: Mapping[str, str] = {
    "AnnualCrop": "annual crops",
    "Forest": "forest",
    "HerbaceousVegetation": "herbaceous vegetation",
    "Highway": "highway",
    "Industrial": "industrial buildings",
    "Pasture": "pasture",
    "PermanentCrop": "permanent crops, such as orchards and vineyards",
    "Residential": "residential buildings",
    "River": "river",
    "SeaLake": "sea or lake",
}
"""Helber et al. 2019: 27,000 Sentinel-2 images of 64 px at 10 m."""

UCM: Mapping[str, str] = {
    "agricultural": "agricultural fields",
    "airplane": "airplanes",
    "baseballdiamond": "baseball diamond",
    "beach": "beach",
    "buildings": "buildings",
    "chaparral": "chaparral",
    "denseresidential": "dense residential area",
    "forest": "forest",
    "freeway": "freeway",
    "golfcourse": "golf course",
    "harbor": "harbor",
    "intersection": "road intersection",
    "mediumresidential": "medium density residential area",
    "mobilehomepark": "mobile home park",
    "overpass": "overpass",
    "parkinglot": "parking lot",
    "river": "river",
    "runway": "runway",
    "sparseresidential": "sparse residential area",
    "storagetanks": "storage tanks",
    "tenniscourt": "tennis court",
}
"""UC Merced Land Use, Yang and Newsam 2010: 2,100 aerial images of 256 px at 0.3 m."""

RESISC45: Mapping[str, str] = {
    "airplane": "airplane",
    "airport": "airport",
    "baseball_diamond": "baseball diamond",
    "basketball_court": "basketball court",
    "beach": "beach",
    "bridge": "bridge",
    "chaparral": "chaparral",
    "church": "church",
    "circular_farmland": "circular farmland",
    "cloud": "cloud",
    "commercial_area": "commercial area",
    "dense_residential": "dense residential area",
    "desert": "desert",
    "forest": "forest",
    "freeway": "freeway",
    "golf_course": "golf course",
    "ground_track_field": "ground track field",
    "harbor": "harbor",
    "industrial_area": "industrial area",
    "intersection": "road intersection",
    "island": "island",
    "lake": "lake",
    "meadow": "meadow",
    "medium_residential": "medium density residential area",
    "mobile_home_park": "mobile home park",
    "mountain": "mountain",
    "overpass": "overpass",
    "palace": "palace",
    "parking_lot": "parking lot",
    "railway": "railway",
    "railway_station": "railway station",
    "rectangular_farmland": "rectangular farmland",
    "river": "river",
    "roundabout": "roundabout",
    "runway": "runway",
    "sea_ice": "sea ice",
    "ship": "ship",
    "snowberg": "snow-covered mountain",
    "sparse_residential": "sparse residential area",
    "stadium": "stadium",
    "storage_tank": "storage tank",
    "tennis_court": "tennis court",
    "terrace": "terraced fields",
    "thermal_power_station": "thermal power station",
    "wetland": "wetland",
}
"""NWPU-RESISC45, Cheng et al. 2017: 31,500 images of 256 px at 0.2 to 30 m."""

RSSCN7: Mapping[str, str] = {
    "aGrass": "grassland",
    "bField": "farmland",
    "cIndustry": "industrial area",
    "dRiverLake": "river or lake",
    "eForest": "forest",
    "fResident": "residential area",
    "gParking": "parking lot",
}
"""Zou et al. 2015: 2,800 images of 400 px at four scales."""

SAT4: Mapping[str, str] = {
    "barren land": "barren land",
    "trees": "trees",
    "grassland": "grassland",
    "none": "buildings, roads or water",
}
"""Basu et al. 2015, in the order of the columns: 100,000 test chips of 28 px at 1 m. The last is all other land."""

SAT6: Mapping[str, str] = {
    "building": "buildings",
    "barren land": "barren land",
    "trees": "trees",
    "grassland": "grassland",
    "road": "road",
    "water": "water",
}
"""Basu et al. 2015, in the order of the columns: 81,000 test chips of 28 px at 1 m."""

BIGEARTHNET: Mapping[str, str] = {
    "Urban fabric": "urban area",
    "Industrial or commercial units": "industrial or commercial area",
    "Arable land": "arable land",
    "Permanent crops": "vineyards, orchards or olive groves",
    "Pastures": "pastures",
    "Complex cultivation patterns": "small fields of different crops",
    "Land principally occupied by agriculture, with significant areas of natural vegetation": (
        "farmland with natural vegetation"
    ),
    "Agro-forestry areas": "fields with scattered trees",
    "Broad-leaved forest": "broad-leaved forest",
    "Coniferous forest": "coniferous forest",
    "Mixed forest": "mixed forest",
    "Natural grassland and sparsely vegetated areas": "natural grassland and sparse vegetation",
    "Moors, heathland and sclerophyllous vegetation": "moors and heathland",
    "Transitional woodland, shrub": "woodland and shrubs",
    "Beaches, dunes, sands": "beach, dunes or sand",
    "Inland wetlands": "inland marshes or peat bogs",
    "Coastal wetlands": "salt marshes or salines",
    "Inland waters": "river or lake",
    "Marine waters": "sea",
}
"""The 19 classes of Sumbul et al. 2021: patches of 120 px at 10 m, each with one class or more."""

CORINE_TO_19: Mapping[str, str] = {
    "Continuous urban fabric": "Urban fabric",
    "Discontinuous urban fabric": "Urban fabric",
    "Industrial or commercial units": "Industrial or commercial units",
    "Non-irrigated arable land": "Arable land",
    "Permanently irrigated land": "Arable land",
    "Rice fields": "Arable land",
    "Vineyards": "Permanent crops",
    "Fruit trees and berry plantations": "Permanent crops",
    "Olive groves": "Permanent crops",
    "Annual crops associated with permanent crops": "Permanent crops",
    "Pastures": "Pastures",
    "Complex cultivation patterns": "Complex cultivation patterns",
    "Land principally occupied by agriculture, with significant areas of natural vegetation": (
        "Land principally occupied by agriculture, with significant areas of natural vegetation"
    ),
    "Agro-forestry areas": "Agro-forestry areas",
    "Broad-leaved forest": "Broad-leaved forest",
    "Coniferous forest": "Coniferous forest",
    "Mixed forest": "Mixed forest",
    "Natural grassland": "Natural grassland and sparsely vegetated areas",
    "Sparsely vegetated areas": "Natural grassland and sparsely vegetated areas",
    "Moors and heathland": "Moors, heathland and sclerophyllous vegetation",
    "Sclerophyllous vegetation": "Moors, heathland and sclerophyllous vegetation",
    "Transitional woodland/shrub": "Transitional woodland, shrub",
    "Beaches, dunes, sands": "Beaches, dunes, sands",
    "Inland marshes": "Inland wetlands",
    "Peatbogs": "Inland wetlands",
    "Salt marshes": "Coastal wetlands",
    "Salines": "Coastal wetlands",
    "Water courses": "Inland waters",
    "Water bodies": "Inland waters",
    "Coastal lagoons": "Marine waters",
    "Estuaries": "Marine waters",
    "Sea and ocean": "Marine waters",
}
"""CORINE land cover of level 3, as version 1 of the set names it, to the 19 classes."""

CORINE_LEFT_OUT = frozenset(
    {
        "Road and rail networks and associated land",
        "Port areas",
        "Airports",
        "Mineral extraction sites",
        "Dump sites",
        "Construction sites",
        "Green urban areas",
        "Sport and leisure facilities",
        "Bare rock",
        "Burnt areas",
        "Intertidal flats",
    }
)
"""CORINE classes that are none of the 19; a patch that has no others is not measured."""

SATLAS: Mapping[str, str] = {
    "water": "water",
    "developed": "buildings and roads",
    "tree": "trees",
    "shrub": "shrubs",
    "grass": "grass",
    "crop": "crops",
    "bare": "bare ground",
    "snow": "snow",
    "wetland": "wetland",
    "mangroves": "mangroves",
    "moss": "moss",
}
"""Land cover of SatlasPretrain, Bastani et al. 2023, in the order of the values from 1; 0 is invalid."""
