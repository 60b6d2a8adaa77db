"""The administration site: Django's own, under the product's name, behind the product's own login."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.utils.decorators import method_decorator


class Site(admin.AdminSite):
    site_header = "Avisa"
    site_title = "Avisa"
    index_title = "Administração"
    enable_nav_sidebar = True

    @method_decorator(login_not_required)
    def login(self, request, extra_context=None):
        """There is one login page. Whoever is logged in and comes here may not use the administration."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next", request.get_full_path()))
