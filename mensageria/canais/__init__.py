"""Channels: one way each to reach a customer."""
