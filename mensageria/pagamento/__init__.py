"""What a Brazilian payment is written on: bar codes and their lines, Pix and the page to print. Pure functions."""
