//! Bodies as other programs send them: tables in other layouts, numbers that JSON does not have, values of every type.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::Server;
use crate::socket::Socket;

async fn text(server: &Server, path: &str, media: &str, body: &str) -> (u16, String) {
    let request = server.request(Method::POST, path);
    let request = request.header("content-type", media).body(body.to_owned());
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_row_of_a_partial_csv_keeps_its_id_and_its_line() {
    let server = Server::start().await;
    let table =
        "PassengerId;Pclass;Sex\n7;1;male\n8;9;Male\n;1;female\nh 10;x;female\n11;3;female\n";
    let (status, csv) = text(
        &server,
        "/v1/predict?partial=true&store=false",
        "text/csv",
        table,
    )
    .await;
    assert_eq!(status, 200, "{csv}");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "PassengerId,Survived,probability,prediction_id,warnings"
    );
    let cells = |n: usize| {
        lines[n]
            .splitn(5, ',')
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!((&*cells(1)[0], &*cells(1)[4]), ("7", ""));
    assert_eq!(
        lines[2],
        "8,,,,\"Pclass: unknown_level \"\"9\"\"; Sex: unknown_level \"\"Male\"\"\""
    );
    assert_eq!((&*cells(3)[0], cells(3)[2].is_empty()), ("", false));
    assert_eq!(lines[4], "h 10,,,,\"Pclass: unknown_level \"\"x\"\"\"");
    assert_eq!(cells(5)[0], "11");
    // Only invalid rows.
    let table = "PassengerId,Pclass,Sex\n8,9,male\n";
    let (_, csv) = text(
        &server,
        "/v1/predict?partial&store=false",
        "text/csv",
        table,
    )
    .await;
    assert!(
        csv.starts_with("PassengerId,") && csv.contains("\n8,,,,"),
        "{csv}"
    );
    let table = "Pclass,Sex\n1,male\n9,male\n";
    let (_, csv) = text(
        &server,
        "/v1/predict?partial&store=false",
        "text/csv",
        table,
    )
    .await;
    assert!(
        csv.lines().nth(2).unwrap().starts_with("2,,,,\"Pclass"),
        "{csv}"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_that_json_does_not_have_are_named() {
    let server = Server::start().await;
    let mut socket = Socket::open(&server).await;
    for number in ["NaN", "Infinity", "-Infinity", "1e400", "-2.5E+999"] {
        let row = format!("{{\"Pclass\": 1, \"Sex\": \"male\", \"Age\": {number}}}");
        for (path, media, body) in [
            ("/v1/predict", "application/json", row.clone()),
            ("/v1/predict", "application/json", format!("[\n{row}]")),
            ("/v1/predict", "application/x-ndjson", format!("{row}\n")),
            ("/v1/rows", "application/json", row.clone()),
            ("/v1/rows", "application/x-ndjson", format!("{row}\n")),
            (
                "/v1/labels",
                "application/json",
                format!("{{\"key\": 7, \"label\": {number}}}"),
            ),
        ] {
            let (status, problem) = text(&server, path, media, &body).await;
            assert_eq!(status, 400, "{path} {number}: {problem}");
            let detail = serde_json::from_str::<Value>(&problem).unwrap()["detail"].clone();
            let named = format!("{number} at line");
            assert!(
                detail.as_str().unwrap().contains(&named),
                "{path} {number}: {detail}"
            );
        }
        socket
            .send_text(&format!(
                "{{\"type\": \"predict\", \"ref\": 1, \"row\": {row}}}"
            ))
            .await;
        let told = socket.next().await;
        let detail = told["problem"]["detail"].as_str().unwrap();
        assert_eq!(told["problem"]["status"], 400, "{told}");
        assert!(detail.contains(&format!("{number} at line 1")), "{detail}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_in_another_shape_is_called_that() {
    let server = Server::start().await;
    let row = json!({"Pclass": 1, "Sex": "male"});
    let inside = json!({"columns": ["Pclass", "Sex"], "data": [[1, "male"]], "index": [0]});
    for (body, path, said) in [
        (
            json!({"data": [row, row]}),
            "/data",
            "its rows stand in \"data\"; send the list alone",
        ),
        (
            json!({"instances": [row], "parameters": {}}),
            "/instances",
            "its rows stand in \"instances\"",
        ),
        (
            json!({"instances": [[1, "male"]]}),
            "",
            "lists of values without names, in \"instances\"",
        ),
        (
            json!({"inputs": row}),
            "/inputs",
            "an object stands in \"inputs\"; send that object alone",
        ),
        (
            json!({"Pclass": {"0": 1, "1": 2}, "Sex": {"0": "male", "1": "male"}}),
            "",
            "orient=\"columns\"",
        ),
        (
            json!({"Pclass": [1, 2], "Sex": ["male", "male"]}),
            "",
            "each a list (orient=\"list\")",
        ),
        (json!({"0": row, "1": row}), "", "rows by index"),
        (inside.clone(), "", "names and values apart"),
        (
            json!({"dataframe_split": inside}),
            "",
            "names and values apart",
        ),
        (
            json!({"dataframe_records": [row]}),
            "/dataframe_records",
            "its rows stand in",
        ),
    ] {
        for route in ["/v1/predict", "/v1/rows"] {
            let (status, problem) = server.post(route, &body).await;
            assert_eq!(status, 422, "{body}: {problem}");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(said), "{body}: {detail}");
            let entry = &problem["errors"][0];
            assert_eq!(
                (&entry["path"], &entry["problem"]),
                (&json!(path), &json!("not_a_row"))
            );
        }
    }
    // An invalid row stays invalid.
    let (_, problem) = server
        .post("/v1/predict", &json!({"Sex": "male", "data": [row]}))
        .await;
    let problems: Vec<&Value> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["problem"])
        .collect();
    assert_eq!(problems, ["unknown_column", "missing"]);
    assert_eq!(server.get("/v1/quarantine").await["quarantine"], json!([]));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_value_of_a_warning_is_typed_as_it_came() {
    let server = Server::start().await;
    let mut socket = Socket::open(&server).await;
    for value in [
        json!(5),
        json!(5.5),
        json!(true),
        json!("5"),
        json!("true"),
        json!("Ü"),
    ] {
        for (column, problem) in [
            ("Embarked", "unknown_level"),
            ("Survived", "target_ignored"),
        ] {
            let row = json!({"Pclass": 1, "Sex": "male", column: value});
            let expected = json!([{"column": column, "problem": problem, "value": value}]);
            let (_, one) = server.post("/v1/predict", &row).await;
            assert_eq!(one["warnings"], expected, "{row}");
            let (_, many) = server.post("/v1/predict?partial", &json!([row, 7])).await;
            assert_eq!(many["predictions"][0]["warnings"], expected, "{row}");
            let told = socket
                .ask(json!({"type": "predict", "ref": 1, "row": row}))
                .await;
            assert_eq!(told["warnings"], expected, "{row}");
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labels_in_any_dialect_name_their_rows_alike() {
    let server = Server::start().await;
    let waiting = json!({"id": null, "key": 892, "status": "waiting", "detail": "no prediction of this id is known yet"});
    let as_csv = async |table: &str| text(&server, "/v1/labels", "text/csv", table).await;
    for table in [
        "PassengerId;label\n892;1\n",
        "\u{feff}PassengerId\tlabel\n892\t1\n",
        "key|label\n892.0|1\n",
    ] {
        let (status, body) = as_csv(table).await;
        assert_eq!(status, 200, "{table}: {body}");
        assert_eq!(
            serde_json::from_str::<Value>(&body).unwrap()["labels"],
            json!([waiting]),
            "{table}"
        );
    }
    let (_, one) = server
        .post("/v1/labels", &json!({"key": 892, "label": 1}))
        .await;
    assert_eq!(one, waiting);
    let (_, made) = server
        .post(
            "/v1/predict?durable",
            &json!({"PassengerId": 892, "Pclass": 1, "Sex": "male"}),
        )
        .await;
    let (_, one) = server
        .post("/v1/labels", &json!({"key": "892", "label": 1}))
        .await;
    assert_eq!(
        one,
        json!({"id": made["id"], "key": 892, "status": "repeated"})
    );
    for (table, column, said) in [
        (
            "PassengerId,Survived\n1,1\n",
            "Survived",
            "the header has the column \"Survived\"; a table of labels has the columns id and label, or PassengerId and label",
        ),
        ("label\n1\n", "id", "the header has no column of ids"),
        (
            "id,PassengerId,label\n1,2,1\n",
            "id",
            "the prediction's id and the row's own id",
        ),
        ("id,id,label\n1,2,1\n", "id", "several columns of ids"),
        ("id\n1\n", "label", "the header has no column \"label\""),
    ] {
        let (status, problem) = as_csv(table).await;
        let problem: Value = serde_json::from_str(&problem).unwrap();
        assert_eq!(
            (status, &problem["errors"][0]["column"]),
            (422, &json!(column)),
            "{problem}"
        );
        assert!(
            problem["detail"].as_str().unwrap().contains(said),
            "{problem}"
        );
    }
    server.stop().await;
}
