"""Losses: functions of ``(y_true, y_pred)``, and classes that reduce them."""
