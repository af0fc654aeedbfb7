"""Attempts to lead a model astray by what stands in data, and what an obedient model would then do.

``cases`` are the attempts, ``deeds`` what each asks for, ``planting`` puts them into files and columns, ``attacker`` is
a model that does whatever it finds asked.
"""
