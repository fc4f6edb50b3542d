"""Operations of other services that moto lacks, spoken in JSON 1.1 and checked against the model as DRS is."""

from drsorch.simulator.json_services.answering import answer_json, is_ours

__all__ = ["answer_json", "is_ours"]
