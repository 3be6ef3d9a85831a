from __future__ import annotations

from django.db import models


class Invoice(models.Model):
    """An invoice, and whether it was sent."""

    customer = models.CharField(max_length=100)
    email = models.EmailField(blank=True)
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    sent = models.BooleanField(default=False)

    def __str__(self):
        return f"Invoice {self.pk} for {self.customer}"
