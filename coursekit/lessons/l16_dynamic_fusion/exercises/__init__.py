"""Exercises of lesson 16: costs, the oracle, a gate's gradient, a second order, a verdict."""

from coursekit.lessons.l16_dynamic_fusion.exercises.cheapest_expert import oracle
from coursekit.lessons.l16_dynamic_fusion.exercises.costs import costs_of
from coursekit.lessons.l16_dynamic_fusion.exercises.judging_gates import verdict
from coursekit.lessons.l16_dynamic_fusion.exercises.second_order import both_orders
from coursekit.lessons.l16_dynamic_fusion.exercises.straight_through_slope import gate_gradient

__all__ = ["both_orders", "costs_of", "gate_gradient", "oracle", "verdict"]
