from __future__ import annotations

from django.db import models


class Customer(models.Model):
    name = models.CharField(max_length=50, unique=True)
    email = models.EmailField(blank=True)

    def __str__(self):
        return self.name


class Invoice(models.Model):
    customer = models.ForeignKey(Customer, models.CASCADE)
    total = models.IntegerField(default=0)
    sent = models.BooleanField(default=False)

    def __str__(self):
        return f"{self.customer_id}: {self.total}"
