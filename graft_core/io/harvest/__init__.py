"""Ground photos of an area from services that share them: listed, chosen and downloaded, with licence and author."""
