"""Personas: customers who behave alike, found without any outcome and named in plain words."""

from segml.personas.fitting import MAXIMUM_CUSTOMERS, VALUE, fit_personas, persona_inputs
from segml.personas.personas import Centre, Persona, Personas, load_persona_centres

__all__ = [
    "MAXIMUM_CUSTOMERS",
    "VALUE",
    "Centre",
    "Persona",
    "Personas",
    "fit_personas",
    "load_persona_centres",
    "persona_inputs",
]
