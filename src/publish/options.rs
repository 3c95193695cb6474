//! Settings of publishing.

use serde::Deserialize;

use super::place::Place;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The folder or the prefix of a bucket for champions; `None`: they are not published.
    pub to: Option<String>,
}

impl Options {
    /// What is wrong beyond what the types check, by key.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let checked = self.to.as_deref().map(Place::check);
        let fault = checked.and_then(Result::err);
        fault.map(|e| ("to", e.to_string())).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_or_a_bucket() {
        let check = |to: Option<&str>, part: Option<&str>| {
            let to = to.map(str::to_owned);
            let faults = Options { to }.faults();
            assert_eq!(faults.is_empty(), part.is_none(), "{faults:?}");
            for (key, fault) in faults {
                assert_eq!(key, "to");
                assert!(fault.contains(part.unwrap()), "{fault}");
            }
        };
        check(None, None);
        check(Some("/mnt/models"), None);
        check(Some("s3://shop/models"), None);
        check(Some("gs://shop"), None);
        check(Some(""), Some("it is empty"));
        check(Some("http://host/x"), Some("neither s3 nor gs"));
        check(
            Some("s3://key:secret@shop/x"),
            Some("AWS_SECRET_ACCESS_KEY"),
        );
    }
}
