//! The dialect of a text table: its delimiter, encoding and number format, and the lines before the header.

pub mod decode;
mod error;
mod head;
pub mod notice;
mod sniff;

use std::str::FromStr;

use serde::Deserialize;

use super::number::NumberForm;
pub use decode::Encoding;
pub use error::DialectError;
pub use head::Above;
pub(super) use head::has_row_names;
pub use notice::Notice;
pub(super) use sniff::{SAMPLE, Start};

/// The character between the cells of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    /// Detected: the one of `,` `;` tab and `|` that fits the first lines best.
    Auto {
        /// The fallback where none fits, as in a table of one column.
        usual: u8,
    },
    /// This character, which must be ASCII.
    Char(u8),
}

/// The dialect of a text table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "DialectFile")]
pub struct Dialect {
    pub delimiter: Delimiter,
    /// The decimal sign, `.` or `,`.
    pub decimal: char,
    /// The sign between groups of three digits, if there is one.
    pub thousands: Option<char>,
    pub encoding: Encoding,
    /// Lines that begin with this character are comments.
    pub comment: Option<u8>,
    /// Number of lines to skip before the header.
    pub skip: u64,
}

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect::AUTO
    }
}

/// The dialect as written in a spec or in settings, unchecked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DialectFile {
    delimiter: Option<String>,
    decimal: Option<String>,
    thousands: Option<String>,
    encoding: Option<String>,
    comment: Option<String>,
    skip: Option<u64>,
}

/// The keys of a dialect, for a spec and for the command line.
pub const KEYS: [&str; 6] = [
    "delimiter",
    "decimal",
    "thousands",
    "encoding",
    "comment",
    "skip",
];

impl TryFrom<DialectFile> for Dialect {
    type Error = DialectError;

    fn try_from(file: DialectFile) -> Result<Dialect, DialectError> {
        let skip = file.skip.map(|skip| skip.to_string());
        let typed = [
            file.delimiter,
            file.decimal,
            file.thousands,
            file.encoding,
            file.comment,
            skip,
        ];
        let mut dialect = Dialect::default();
        for (key, value) in KEYS.iter().zip(typed) {
            if let Some(value) = value {
                dialect.set(key, &value)?;
            }
        }
        dialect.checked()
    }
}

impl Dialect {
    /// Detects everything that can be detected; numbers have a decimal point.
    pub const AUTO: Dialect = Dialect {
        delimiter: Delimiter::Auto { usual: b',' },
        decimal: '.',
        thousands: None,
        encoding: Encoding::Auto,
        comment: None,
        skip: 0,
    };

    /// The number format of the file.
    pub fn number_form(&self) -> NumberForm {
        NumberForm {
            decimal: self.decimal,
            thousands: self.thousands,
            ..NumberForm::default()
        }
    }

    /// Sets the fallback delimiter, used where none is configured and none is detected.
    #[must_use]
    pub fn usually(&self, usual: u8) -> Dialect {
        let delimiter = match self.delimiter {
            Delimiter::Auto { .. } => Delimiter::Auto { usual },
            named => named,
        };
        Dialect {
            delimiter,
            ..self.clone()
        }
    }

    /// This dialect with some of its keys overridden by `settings`.
    ///
    /// # Errors
    /// When the settings contradict the dialect or each other.
    pub fn with(mut self, settings: &[Setting]) -> Result<Dialect, DialectError> {
        for setting in settings {
            self.set(&setting.key, &setting.value)?;
        }
        self.checked()
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), DialectError> {
        let none = matches!(value, "" | "none" | "null");
        match key {
            "delimiter" if value == "auto" => self.delimiter = Dialect::default().delimiter,
            "delimiter" => self.delimiter = Delimiter::Char(delimiter(value)?),
            "decimal" => self.decimal = decimal(value)?,
            "thousands" => self.thousands = (!none).then(|| thousands(value)).transpose()?,
            "encoding" => self.encoding = Encoding::named(value)?,
            "comment" => self.comment = (!none).then(|| comment(value)).transpose()?,
            "skip" => self.skip = skip(value)?,
            _ => {
                let near = super::fault::nearest(key, KEYS);
                let remedy = near.map_or_else(
                    || format!("known are {}", KEYS.join(", ")),
                    |near| format!("did you mean {near}?"),
                );
                return Err(DialectError {
                    problem: format!("a format has no {key:?}"),
                    remedy,
                });
            }
        }
        Ok(())
    }

    fn checked(self) -> Result<Dialect, DialectError> {
        let clash = |what: &str| {
            let remedy = "write another character for one of them";
            Err(DialectError::new(
                format!("{what} are the same character"),
                remedy,
            ))
        };
        if self.thousands == Some(self.decimal) {
            return clash("`decimal` and `thousands`");
        }
        if self.comment.map(Delimiter::Char) == Some(self.delimiter) {
            return clash("`comment` and `delimiter`");
        }
        Ok(self)
    }
}

fn delimiter(value: &str) -> Result<u8, DialectError> {
    let named = match value {
        "tab" | "\\t" => "\t",
        "comma" => ",",
        "semicolon" => ";",
        "pipe" => "|",
        "space" => " ",
        other => other,
    };
    match named.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err(DialectError::new(
            format!("{value:?} is not a delimiter"),
            "write auto, tab or one ASCII character such as ;",
        )),
    }
}

fn decimal(value: &str) -> Result<char, DialectError> {
    match value {
        "." | "point" => Ok('.'),
        "," | "comma" => Ok(','),
        _ => Err(DialectError::new(
            format!("{value:?} is not a decimal sign"),
            "write . or ,",
        )),
    }
}

fn thousands(value: &str) -> Result<char, DialectError> {
    let mut chars = if value == "space" { " " } else { value }.chars();
    match (chars.next(), chars.next()) {
        (Some(sign), None) if !sign.is_alphanumeric() && !"+-\"\n\r".contains(sign) => Ok(sign),
        _ => Err(DialectError::new(
            format!("{value:?} is not a thousands separator"),
            "write one character such as , . ' or space, or none",
        )),
    }
}

fn comment(value: &str) -> Result<u8, DialectError> {
    match value.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err(DialectError::new(
            format!("{value:?} begins no comment"),
            "write one ASCII character such as #, or none",
        )),
    }
}

fn skip(value: &str) -> Result<u64, DialectError> {
    let lines = value.parse::<u32>().map(u64::from);
    lines.map_err(|_| {
        DialectError::new(
            format!("{value:?} is not a number of lines"),
            "write how many lines stand before the header",
        )
    })
}

/// One key of a dialect as written on the command line, such as `delimiter=;`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    key: String,
    value: String,
}

impl Setting {
    /// The setting as a line of YAML for a spec's `format` section.
    pub fn yaml(&self) -> String {
        let quoted = serde_json::Value::from(self.value.as_str());
        match self.value.parse::<u32>() {
            Ok(number) => format!("{}: {number}", self.key),
            Err(_) => format!("{}: {quoted}", self.key),
        }
    }
}

impl FromStr for Setting {
    type Err = DialectError;

    fn from_str(text: &str) -> Result<Setting, DialectError> {
        let Some((key, value)) = text.split_once('=') else {
            return Err(DialectError::new(
                format!("{text:?} has no value"),
                "write KEY=VALUE, such as delimiter=; or encoding=latin-1",
            ));
        };
        Dialect::default().set(key, value)?;
        Ok(Setting {
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
