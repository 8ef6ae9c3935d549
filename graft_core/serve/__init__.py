"""What a browser or a GIS asks of the running app: map tiles over HTTP; long jobs as processes of their own."""
