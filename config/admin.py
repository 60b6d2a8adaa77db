"""The administration site: Django's own, under the product's name."""

from django.contrib import admin


class Site(admin.AdminSite):
    site_header = "Avisa"
    site_title = "Avisa"
    index_title = "Administração"
    enable_nav_sidebar = True
