"""What a JSON schema cannot say of the interface, said to schemathesis: how tables are written as text, and which responses
to requests that fit the schema are right all the same. Whatever is not listed here is a finding."""

import csv
import io
import json
import re

import schemathesis
from hypothesis import strategies as st

# Rows of the bundled table as text. The schema of such a body is a string; any string is not a table.
ROW = st.fixed_dictionaries(
    {"Pclass": st.integers(1, 3), "Sex": st.sampled_from(["female", "male"])},
    optional={
        "Age": st.one_of(st.none(), st.floats(0, 100).map(lambda age: round(age, 1))),
        "Name": st.text("abc, \"'ä\n", max_size=8),
        "Fare": st.integers(0, 500),
        "Embarked": st.sampled_from(["C", "Q", "S"]),
    },
)
LABELS = st.lists(st.tuples(st.uuids().map(str), st.integers(0, 1)), min_size=1, max_size=5)


def table(rows):
    names = sorted({name for row in rows for name in row})
    out = io.StringIO()
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def labels(pairs):
    return "".join(["id,label\n", *(f"{id},{label}\n" for id, label in pairs)]).encode()


ROWS = st.lists(ROW, min_size=1, max_size=5)
schemathesis.openapi.media_type("text/csv", st.one_of(ROWS.map(table), LABELS.map(labels)))
schemathesis.openapi.media_type("application/x-ndjson", ROWS.map(lines))


# The generated body of a text format may be of the other kind of table.
WRONG_TABLE = r"the header does not fit|columns? .*(id|label)|no column"

# Responses to requests that fit the schema, right because of what a schema does not relate: parameters to each other, to
# the body, or to what is stored.
EXPECTED = [
    # (operation, status, pattern of `detail`)
    ("POST /v1/predict", 400, "store=false stores nothing"),
    ("POST /v1/predict", 400, "id names a single prediction"),
    ("POST /v1/predict", 400, "an explanation does not fit into a table"),
    ("POST /v1/rows", 400, "X-Occurrences has [0-9]+ numbers for [0-9]+ rows"),
    ("POST /v1/rows", 422, "this Idempotency-Key came with another body before"),
    ("GET /v1/store/export", 400, "a Parquet table holds events of one kind"),
    # The tool opens no WebSocket.
    ("GET /ws", 426, "WebSocket upgrade is expected"),
]


def problem(response):
    try:
        return json.loads(response.content)
    except ValueError:
        return {}


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops a finding that is none."""
    kind = type(failure).__name__
    detail = str(problem(response).get("detail", ""))
    # A full queue is told with 503 and a time to come back; any other 5xx is a finding.
    if kind == "ServerError":
        is_full = problem(response).get("type") == "/docs#overloaded" and "retry-after" in response.headers
        return not (response.status_code == 503 and is_full)
    if kind == "RejectedPositiveData":
        name = f"{case.operation.method.upper()} {case.operation.path}"
        is_expected = any(
            name == operation and response.status_code == status and re.search(pattern, detail)
            for operation, status, pattern in EXPECTED
        )
        return not is_expected
    # HTTP has recipients ignore header fields that they do not know.
    if kind == "AcceptedNegativeData":
        return "in header - object with unexpected properties" not in str(failure.message).lower()
    return True
