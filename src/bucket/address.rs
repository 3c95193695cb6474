//! Addresses of folders in buckets: `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX`.

/// The cloud of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    S3,
    Google,
}

impl Cloud {
    const ALL: [Cloud; 2] = [Cloud::S3, Cloud::Google];

    pub fn scheme(self) -> &'static str {
        match self {
            Cloud::S3 => "s3",
            Cloud::Google => "gs",
        }
    }
}

/// The address of a folder in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub cloud: Cloud,
    pub bucket: String,
    /// Without a slash at either end.
    pub prefix: String,
}

impl Address {
    /// Reads an address; `None` if the text has no scheme and is a path therefore.
    ///
    /// # Errors
    /// It is of another scheme, has a password in it, or names no bucket.
    pub fn parse(text: &str) -> Option<Result<Address, &'static str>> {
        let is_scheme = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let (scheme, rest) = text
            .split_once("://")
            .filter(|(scheme, _)| is_scheme(scheme))?;
        Some(Address::of_scheme(scheme, rest))
    }

    fn of_scheme(scheme: &str, rest: &str) -> Result<Address, &'static str> {
        let found = Cloud::ALL.into_iter().find(|c| c.scheme() == scheme);
        let cloud = found.ok_or("its scheme is neither s3 nor gs")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.contains('@') {
            return Err(
                "credentials belong in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY; GOOGLE_APPLICATION_CREDENTIALS)",
            );
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if bucket.is_empty() || !bucket.chars().all(is_plain) {
            return Err("it names no bucket");
        }
        if rest.contains(['?', '#']) {
            return Err("it has a query");
        }
        Ok(Address {
            cloud,
            bucket: bucket.into(),
            prefix: prefix.trim_matches('/').into(),
        })
    }

    /// The address of an object, for people; of the folder itself if the name is empty.
    pub fn of(&self, name: &str) -> String {
        let parts = [self.prefix.as_str(), name];
        let path: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!(
            "{}://{}/{}",
            self.cloud.scheme(),
            self.bucket,
            path.join("/")
        )
    }
}
