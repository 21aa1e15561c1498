"""Solves one placement with OR-Tools CP-SAT: a JSON problem on standard input, a JSON answer on standard output.

The model is the usual one, written well: slots for machines, a Boolean for each component in a slot and for each
offer that a slot may be rented as, dominated offers left out, and slots in falling order of price so that no
two solutions differ in the order of machines alone.
"""

import json
import sys
import time

from ortools.sat.python import cp_model

problem = json.load(sys.stdin)
components = problem["components"]
offers = problem["offers"]
slots = range(problem["slots"])
names = {component["name"]: index for index, component in enumerate(components)}

started = time.perf_counter()
model = cp_model.CpModel()
on = [[model.new_bool_var(f"on_{c}_{k}") for k in slots] for c in range(len(components))]
rented_as = [[model.new_bool_var(f"as_{o}_{k}") for o in range(len(offers))] for k in slots]
rented = [model.new_bool_var(f"rented_{k}") for k in slots]
price = [sum(offer["price"] * rented_as[k][o] for o, offer in enumerate(offers)) for k in slots]
optional = {name for one in problem["restrictions"] if one["kind"] == "exclusive" for name in one["components"]}
deployed = {name: model.new_bool_var(f"deployed_{name}") for name in optional}
total = {component["name"]: sum(on[c]) for c, component in enumerate(components)}

for k in slots:
    model.add_exactly_one([*rented_as[k], rented[k].negated()])
    for resource in ("cores", "memoryMb", "storageGb"):
        model.add(
            sum(component[resource] * on[c][k] for c, component in enumerate(components))
            <= sum(offer[resource] * rented_as[k][o] for o, offer in enumerate(offers))
        )
    model.add_bool_or([on[c][k] for c in range(len(components))]).only_enforce_if(rented[k])
    for c in range(len(components)):
        model.add_implication(on[c][k], rented[k])
    if k > 0:
        model.add(price[k - 1] >= price[k])
        model.add_implication(rented[k], rented[k - 1])

for component in components:
    name = component["name"]
    if name in optional:
        model.add(total[name] >= 1).only_enforce_if(deployed[name])
        model.add(total[name] == 0).only_enforce_if(deployed[name].negated())
    else:
        model.add(total[name] >= 1)


def apart(one: str, other: str) -> None:
    for k in slots:
        model.add_bool_or([on[names[one]][k].negated(), on[names[other]][k].negated()])


conflicts: dict[str, set[str]] = {name: set() for name in names}
for one in problem["restrictions"]:
    others = one["with"] if one["kind"] == "conflict" else one.get("except", [])
    for other in others:
        conflicts[one["component"]].add(other)
        conflicts[other].add(one["component"])
        apart(one["component"], other)
for one in problem["restrictions"]:
    kind = one["kind"]
    if kind == "exclusive":
        model.add_exactly_one([deployed[name] for name in one["components"]])
    elif kind == "instances":
        instances = sum(total[name] for name in one["components"])
        if "atLeast" in one:
            model.add(instances >= one["atLeast"])
        if "atMost" in one:
            model.add(instances <= one["atMost"])
        if "exactly" in one:
            model.add(instances == one["exactly"])
    elif kind == "require-provide":
        held = model.add(one["requires"] * total[one["component"]] <= one["provides"] * total[one["provider"]])
        if one["provider"] in optional:
            held.only_enforce_if(deployed[one["provider"]])
    elif kind == "one-to-one":
        for other in one["components"][1:]:
            model.add(total[one["components"][0]] == total[other])
    elif kind == "one-to-many":
        left = one["number"] * total[one["one"]] - total[one["many"]]
        model.add(left >= 1)
        model.add(left <= one["number"])
    elif kind == "full-deployment":
        for k in slots:
            spared = [on[names[other]][k] for other in sorted(conflicts[one["component"]])]
            model.add_bool_or([on[names[one["component"]]][k], *spared, rented[k].negated()])

model.minimize(sum(price))
solver = cp_model.CpSolver()
solver.parameters.max_time_in_seconds = problem["limitSeconds"]
solver.parameters.num_workers = problem["workers"]
status = solver.solve(model)
seconds = time.perf_counter() - started
found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
json.dump(
    {
        "isProven": status == cp_model.OPTIMAL,
        "price": solver.objective_value if found else None,
        "seconds": seconds,
    },
    sys.stdout,
)
