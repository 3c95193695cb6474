//! Writes every type of the format and reads it back through a source. The expected result is the values of an equivalent
//! text file, or an error that names the column, which occurs only if the spec uses the column.

use polars_arrow::array::{
    Array, BinaryViewArray, BooleanArray, DictionaryArray, FixedSizeBinaryArray, ListArray,
    NullArray, PrimitiveArray, StructArray, Utf8Array, Utf8ViewArray,
};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field, IntervalUnit, TimeUnit};
use polars_arrow::offset::OffsetsBuffer;
use polars_arrow::record_batch::RecordBatchT;
use polars_arrow::types::{NativeType, days_ms};
use polars_parquet::parquet::schema::Repetition;
use polars_parquet::parquet::schema::types::{PhysicalType, PrimitiveLogicalType};
use polars_parquet::write::{
    CompressionOptions, Encoding, FileWriter, ParquetType, SchemaDescriptor, StatisticsOptions,
    Version, WriteOptions, row_group_iter, to_parquet_type,
};
use proptest::prelude::*;

use super::*;
use crate::schema::Schema;
use crate::schema::fixture::table_spec;
use crate::schema::json::write;

/// A column of three rows whose second value is missing.
struct Written {
    name: &'static str,
    array: Box<dyn Array>,
    /// The logical type in the file, if it differs from that of the array.
    logical: Option<PrimitiveLogicalType>,
}

fn valid() -> Option<Bitmap> {
    Some(Bitmap::from([true, false, true]))
}

fn column(name: &'static str, array: impl Array) -> Written {
    Written {
        name,
        array: array.to_boxed(),
        logical: None,
    }
}

/// A column of two values with a missing value between them.
fn values<T: NativeType>(name: &'static str, dtype: ArrowDataType, [a, b]: [T; 2]) -> Written {
    let values = vec![a, T::default(), b].into();
    column(name, PrimitiveArray::new(dtype, values, valid()))
}

fn fixed(name: &'static str, values: [&[u8]; 2]) -> Written {
    let size = values[0].len();
    let bytes = [values[0], &vec![0; size], values[1]].concat();
    let dtype = ArrowDataType::FixedSizeBinary(size);
    column(
        name,
        FixedSizeBinaryArray::new(dtype, bytes.into(), valid()),
    )
}

/// The settings with which a file is written.
#[derive(Clone, Copy, Debug)]
struct How {
    version: Version,
    encoding: Encoding,
    compression: CompressionOptions,
}

fn ways() -> Vec<How> {
    let mut ways = Vec::new();
    for version in [Version::V1, Version::V2] {
        for encoding in [Encoding::Plain, Encoding::RleDictionary] {
            for compression in [
                CompressionOptions::Uncompressed,
                CompressionOptions::Zstd(None),
                CompressionOptions::Snappy,
            ] {
                ways.push(How {
                    version,
                    encoding,
                    compression,
                });
            }
        }
    }
    ways
}

/// The bytes of a file with these columns in one row group.
fn file_of(columns: &[Written], how: How) -> Vec<u8> {
    let options = WriteOptions {
        statistics: StatisticsOptions::default(),
        version: how.version,
        compression: how.compression,
        data_page_size: None,
    };
    let field = |c: &Written| Field::new(c.name.into(), c.array.dtype().clone(), true);
    let arrow: ArrowSchema = columns.iter().map(|c| (c.name.into(), field(c))).collect();
    let kind = |c: &Written| match (c.logical, c.array.dtype()) {
        (Some(logical), ArrowDataType::FixedSizeBinary(size)) => ParquetType::try_from_primitive(
            c.name.into(),
            PhysicalType::FixedLenByteArray(*size),
            Repetition::Optional,
            None,
            Some(logical),
            None,
        )
        .unwrap(),
        _ => to_parquet_type(&field(c)).unwrap(),
    };
    let kinds: Vec<ParquetType> = columns.iter().map(kind).collect();
    let encoding = |c: &Written| match c.array.dtype() {
        ArrowDataType::Dictionary(..) => vec![Encoding::RleDictionary],
        // The library does not write dictionaries of these types.
        ArrowDataType::Null | ArrowDataType::Interval(_) => vec![Encoding::Plain],
        _ => vec![how.encoding],
    };
    let encodings: Vec<Vec<Encoding>> = columns.iter().map(encoding).collect();
    let arrays: Vec<Box<dyn Array>> = columns.iter().map(|c| c.array.clone()).collect();
    let rows = RecordBatchT::try_new(3, std::sync::Arc::new(arrow.clone()), arrays).unwrap();
    let group = row_group_iter(rows, encodings.into(), kinds.clone(), options);
    let descriptor = SchemaDescriptor::new("root".into(), kinds);
    let mut writer = FileWriter::new_with_parquet_schema(Vec::new(), arrow, descriptor, options);
    writer.write(3, group).unwrap();
    writer.end(None).unwrap();
    writer.into_inner()
}

/// The spec of a table with one column under test and a number that is always present.
fn spec(name: &str, kind: &str) -> Arc<Schema> {
    let typed = format!(
        "target: {{column: yes, positive: 1, negative: 0}}\nextra: ignore\ncolumns:\n  - {{name: {name:?}, {kind}}}\n  \
         - {{name: count, kind: number}}\n"
    );
    Arc::new(table_spec(&typed).unwrap())
}

/// The rows of a file as they would be stored, or the error.
fn rows(name: &str, content: &[u8], schema: &Arc<Schema>) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let source = Source::file(&path, &Dialect::AUTO).unwrap();
    let loaded = source.load(schema, Purpose::Keep, true);
    let loaded = loaded.map_err(|e| e.to_string().replace(&path.display().to_string(), name))?;
    let row = |i: usize| {
        let mut out = Vec::new();
        write::object(schema, loaded.table.row(i, &mut Vec::new()), &mut out);
        String::from_utf8(out).unwrap()
    };
    Ok((0..loaded.table.len()).map(row).collect())
}

fn count() -> Written {
    values("count", ArrowDataType::Int64, [1i64, 3])
}

/// Asserts that the column, written in every way, reads like a text file with these cells.
fn reads(of: fn() -> Written, kind: &str, [first, last]: [&str; 2]) {
    let name = of().name;
    let schema = spec(name, kind);
    let text = format!("{name},count\n{first},1\n,\n{last},3\n");
    let expected = rows("t.csv", text.as_bytes(), &schema).unwrap();
    for how in ways() {
        let found = rows("t.parquet", &file_of(&[of(), count()], how), &schema);
        assert_eq!(found.as_ref(), Ok(&expected), "{name} as {kind}, {how:?}");
    }
}

/// Asserts that reading the column fails with an error that names it, and only if the spec uses the column.
fn is_fault(of: fn() -> Written, what: &str) {
    let name = of().name;
    for how in ways() {
        let file = file_of(&[of(), count()], how);
        for kind in ["kind: number", "kind: text", "kind: date"] {
            let said = rows("t.parquet", &file, &spec(name, kind)).unwrap_err();
            let named = format!("t.parquet: the column {name:?} ");
            assert!(said.starts_with(&named) && said.contains(what), "{said}");
        }
        let unused = rows("t.parquet", &file, &spec(name, "kind: unused")).unwrap();
        assert_eq!(unused, [r#"{"count":1}"#, "{}", r#"{"count":3}"#]);
    }
}

const NUMBER: &str = "kind: number";
const ANY: &str = "kind: category, levels: any";
const DATE: &str = "kind: date";

#[test]
fn written_numbers_are_the_numbers_of_text() {
    use ArrowDataType as T;
    reads(
        || values("i8", T::Int8, [i8::MIN, i8::MAX]),
        NUMBER,
        ["-128", "127"],
    );
    reads(
        || values("i16", T::Int16, [i16::MIN, i16::MAX]),
        NUMBER,
        ["-32768", "32767"],
    );
    reads(
        || values("u8", T::UInt8, [0u8, u8::MAX]),
        NUMBER,
        ["0", "255"],
    );
    reads(
        || values("u16", T::UInt16, [0u16, u16::MAX]),
        NUMBER,
        ["0", "65535"],
    );
    reads(
        || values("f32", T::Float32, [0.1f32, f32::MAX]),
        NUMBER,
        ["0.1", "3.4028235e38"],
    );
    reads(
        || values("f64", T::Float64, [0.1f64, -1e300]),
        NUMBER,
        ["0.1", "-1e300"],
    );
    reads(
        || Written {
            logical: Some(PrimitiveLogicalType::Float16),
            ..fixed("f16", [&[0x66, 0x2e], &[0x80, 0xc3]])
        },
        NUMBER,
        ["0.1", "-3.75"],
    );
    // Read as a number, and as a code with all its digits.
    for kind in [NUMBER, ANY] {
        let (least, most) = ("-2147483648", "2147483647");
        reads(
            || values("i32", T::Int32, [i32::MIN, i32::MAX]),
            kind,
            [least, most],
        );
        reads(
            || values("u32", T::UInt32, [0u32, u32::MAX]),
            kind,
            ["0", "4294967295"],
        );
        let (least, most) = ("-9223372036854775808", "9223372036854775807");
        reads(
            || values("i64", T::Int64, [i64::MIN, i64::MAX]),
            kind,
            [least, most],
        );
        let most = "18446744073709551615";
        reads(
            || values("u64", T::UInt64, [7u64, u64::MAX]),
            kind,
            ["7", most],
        );
    }
    let flags = "kind: category, levels: [false, true]";
    let bools = || {
        column(
            "flag",
            BooleanArray::from(vec![Some(true), None, Some(false)]),
        )
    };
    reads(bools, flags, ["true", "false"]);
    reads(
        || column("nothing", NullArray::new(T::Null, 3)),
        NUMBER,
        ["", ""],
    );
}

#[test]
fn written_decimals_are_the_numbers_of_text() {
    use ArrowDataType::Decimal;
    reads(
        || values("d9", Decimal(9, 2), [-1250i128, 5]),
        NUMBER,
        ["-12.50", "0.05"],
    );
    reads(
        || values("d18", Decimal(18, 0), [7i128, 10i128.pow(17)]),
        NUMBER,
        ["7", "100000000000000000"],
    );
    reads(
        || values("d38", Decimal(38, 10), [-1i128, 10i128.pow(37)]),
        NUMBER,
        ["-0.0000000001", "1e27"],
    );
    reads(
        || values("all", Decimal(38, 38), [1i128, 10i128.pow(37)]),
        NUMBER,
        ["1e-38", "0.1"],
    );
    reads(
        || values("code", Decimal(20, 0), [12i128, 10i128.pow(19)]),
        ANY,
        ["12", "10000000000000000000"],
    );
    // A decimal of this width, as pyarrow writes a Decimal256.
    is_fault(
        || Written {
            logical: Some(PrimitiveLogicalType::Decimal(50, 2)),
            ..fixed("wide", [&[0; 21], &[1; 21]])
        },
        "a decimal of more than 38 digits",
    );
}

#[test]
fn written_text_is_text() {
    const TEXT: [&str; 2] = ["a", "Zürich"];
    const CELLS: [Option<&str>; 3] = [Some("a"), None, Some("Zürich")];
    reads(
        || column("view", Utf8ViewArray::from_slice(CELLS)),
        "kind: text",
        TEXT,
    );
    reads(
        || column("large", Utf8Array::<i64>::from(CELLS)),
        "kind: text",
        TEXT,
    );
    reads(
        || column("bytes", BinaryViewArray::from_slice(CELLS)),
        "kind: text",
        TEXT,
    );
    reads(
        || fixed("fixed", [b"abc", b"xyz"]),
        "kind: text",
        ["abc", "xyz"],
    );
    let dictionary = || {
        let keys = PrimitiveArray::new(ArrowDataType::UInt32, vec![1u32, 0, 0].into(), valid());
        let levels = Utf8ViewArray::from_slice([Some("Zürich"), Some("a")]).boxed();
        column(
            "level",
            DictionaryArray::try_from_keys(keys, levels, false).unwrap(),
        )
    };
    reads(dictionary, ANY, TEXT);
    reads(dictionary, "kind: category, levels: [a, Zürich]", TEXT);
    // A text column that holds numbers is read like a text file.
    let numbers = || {
        column(
            "n",
            Utf8ViewArray::from_slice([Some("3.50"), None, Some("-1e2")]),
        )
    };
    reads(numbers, NUMBER, ["3.5", "-100"]);
    let bytes = || {
        column(
            "raw",
            BinaryViewArray::from_slice([Some(b"\xff\xfe"), None, Some(b"ab")]),
        )
    };
    is_fault(bytes, "bytes that are not UTF-8");
    is_fault(
        || fixed("hash", [b"\xff\xfe", b"ab"]),
        "bytes that are not UTF-8",
    );
}

#[test]
fn written_dates_are_dates() {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    const MOMENT: i64 = 1_706_702_400; // 2024-01-31T12:00:00Z
    let days = || values("day", ArrowDataType::Date32, [19753i32, -1]);
    reads(days, DATE, ["2024-01-31", "1969-12-31"]);
    let millis = || {
        values(
            "day64",
            ArrowDataType::Date64,
            [19753i64 * 86_400_000, -86_400_000],
        )
    };
    reads(millis, DATE, ["2024-01-31", "1969-12-31"]);
    macro_rules! instants {
        ($($unit:ident: $per_second:expr),*) => {$(
            let plain = || {
                let dtype = ArrowDataType::Timestamp($unit, None);
                values("at", dtype, [MOMENT * $per_second, -$per_second])
            };
            reads(plain, DATE, ["2024-01-31T12:00:00", "1969-12-31T23:59:59"]);
            let utc = || {
                let dtype = ArrowDataType::Timestamp($unit, Some("UTC".into()));
                values("utc", dtype, [MOMENT * $per_second, -$per_second])
            };
            let berlin = || {
                let dtype = ArrowDataType::Timestamp($unit, Some("Europe/Berlin".into()));
                values("berlin", dtype, [MOMENT * $per_second, -$per_second])
            };
            for zoned in [utc, berlin] {
                reads(zoned, DATE, ["2024-01-31T12:00:00Z", "1969-12-31T23:59:59Z"]);
                // A timestamp read as text states that it is in UTC.
                reads(zoned, "kind: text", ["2024-01-31T12:00:00Z", "1969-12-31T23:59:59Z"]);
            }
        )*};
    }
    instants!(Second: 1, Millisecond: 1_000, Microsecond: 1_000_000, Nanosecond: 1_000_000_000);
}

#[test]
fn what_is_written_and_is_no_cell_is_a_fault_of_its_column() {
    use ArrowDataType as T;
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let time = "a time without a date";
    is_fault(|| values("t0", T::Time32(Second), [1i32, 2]), time);
    is_fault(|| values("t3", T::Time32(Millisecond), [1i32, 2]), time);
    is_fault(|| values("t6", T::Time64(Microsecond), [1i64, 2]), time);
    is_fault(|| values("t9", T::Time64(Nanosecond), [1i64, 2]), time);
    is_fault(
        || values("long", T::Duration(Microsecond), [1i64, 2]),
        "a duration",
    );
    is_fault(
        || values("seconds", T::Duration(Second), [1i64, 2]),
        "a duration",
    );
    let spans = || {
        let dtype = T::Interval(IntervalUnit::DayTime);
        values("span", dtype, [days_ms(1, 2), days_ms(3, 4)])
    };
    is_fault(spans, "an interval");
    let of = "a list or a structure";
    is_fault(
        || {
            let dtype = ListArray::<i64>::default_datatype(T::Int64);
            let offsets = OffsetsBuffer::try_from(vec![0i64, 1, 1, 3]).unwrap();
            let numbers = PrimitiveArray::<i64>::from_slice([1, 2, 3]).boxed();
            column(
                "list",
                ListArray::<i64>::new(dtype, offsets, numbers, valid()),
            )
        },
        of,
    );
    is_fault(
        || {
            let fields = vec![Field::new("a".into(), T::Int64, true)];
            let numbers = PrimitiveArray::<i64>::from_slice([1, 2, 3]).boxed();
            column(
                "structure",
                StructArray::new(T::Struct(fields), 3, vec![numbers], valid()),
            )
        },
        of,
    );
}

/// The spec of a file with a column of every type, which the damage test corrupts.
const ALL: &str = "
target: {column: yes, positive: 1, negative: 0}
extra: ignore
columns:
  - {name: whole, kind: number}
  - {name: code, kind: category, levels: any}
  - {name: amount, kind: number}
  - {name: price, kind: number}
  - {name: flag, kind: category, levels: [false, true]}
  - {name: text, kind: text}
  - {name: level, kind: category, levels: any}
  - {name: at, kind: date}
  - {name: hash, kind: text}
";

fn everything(how: How) -> Vec<u8> {
    use ArrowDataType as T;
    let cells = [Some("a"), None, Some("Zürich")];
    let keys = PrimitiveArray::new(T::UInt32, vec![1u32, 0, 0].into(), valid());
    let levels = Utf8ViewArray::from_slice([Some("Zürich"), Some("a")]).boxed();
    let at = T::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let columns = [
        values("whole", T::Int8, [1i8, 2]),
        values("code", T::UInt64, [7u64, u64::MAX]),
        values("amount", T::Float64, [0.5f64, 1e300]),
        values("price", T::Decimal(30, 4), [1i128, 1 << 90]),
        column(
            "flag",
            BooleanArray::from(vec![Some(true), None, Some(false)]),
        ),
        column("text", Utf8ViewArray::from_slice(cells)),
        column(
            "level",
            DictionaryArray::try_from_keys(keys, levels, false).unwrap(),
        ),
        values("at", at, [0i64, 1_706_702_400_000_000]),
        fixed("hash", [b"abc", b"xyz"]),
    ];
    file_of(&columns, how)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..crate::proptest_config() })]

    /// A damaged file yields rows or an error that names the file, never a panic.
    #[test]
    fn a_damaged_file_is_an_error_that_names_it(
        way in 0..12usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..24),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut file = everything(ways()[way]);
        for (at, byte) in damage {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        let schema = Arc::new(table_spec(ALL).unwrap());
        match rows("t.parquet", &file, &schema) {
            Ok(rows) => prop_assert!(rows.len() <= 3, "{rows:?}"),
            Err(said) => prop_assert!(said.starts_with("t.parquet"), "{said}"),
        }
    }
}
