"""Functions on lines, images and volumes: lower-star persistence."""
