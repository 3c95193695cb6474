//! Masks the secrets in addresses, for messages, logs and `config show`.

/// Parts of query-parameter names that mark the value as a secret.
const SECRET: &[&str] = &[
    "key",
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "sig",
    "signature",
];

/// The address with its secrets replaced by `***`: the password of `scheme://user:password@host`, and the values of query
/// parameters whose names suggest a secret. Text that is not an address is unchanged.
pub fn masked(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (place, parameters) = match rest.split_once('?') {
        Some((place, parameters)) => (place, Some(parameters)),
        None => (rest, None),
    };
    // A password may contain an unencoded @ or /, so the last @ before the query parameters ends it.
    let place = match place.rsplit_once('@') {
        None => place.to_owned(),
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:***@{host}"),
            // A user name without a password may be a token.
            None if scheme.starts_with("http") => format!("***@{host}"),
            None => format!("{user}@{host}"),
        },
    };
    match parameters {
        None => format!("{scheme}://{place}"),
        Some(parameters) => format!("{scheme}://{place}?{}", hidden(parameters)),
    }
}

fn hidden(parameters: &str) -> String {
    let each = parameters
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if is_secret(name) => format!("{name}=***"),
            _ => pair.to_owned(),
        });
    each.collect::<Vec<_>>().join("&")
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.into_iter().any(|word| SECRET.contains(&word)) || name == "apikey" || name == "auth"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let check = |text: &str, expected: &str| assert_eq!(masked(text), expected);
        check(
            "https://api.example/rows?page=2",
            "https://api.example/rows?page=2",
        );
        check(
            "https://ann:hush@api.example/rows",
            "https://ann:***@api.example/rows",
        );
        check("https://token@api.example/", "https://***@api.example/");
        check(
            "postgres://ann:hu@sh/x@db/t?sslmode=require&password=hush",
            "postgres://ann:***@db/t?sslmode=require&password=***",
        );
        check("mysql://ann@db/t", "mysql://ann@db/t");
        check(
            "https://x/?api_key=1&Access-Token=2&apikey=3&keyboard=4",
            "https://x/?api_key=***&Access-Token=***&apikey=***&keyboard=4",
        );
        check("sqlite:rows.db", "sqlite:rows.db");
        check("data/raw", "data/raw");
    }
}
