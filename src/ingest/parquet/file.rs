//! Opens a Parquet file: its columns with their types, and the cells of each row group.

use std::io::{Cursor, Read};

use polars_arrow::array::Array;
use polars_arrow::datatypes::Field;
use polars_buffer::Buffer;
use polars_parquet::parquet::page::split_buffer;
use polars_parquet::read::schema::{infer_schema, parquet_to_arrow_schema};
use polars_parquet::read::{
    BasicDecompressor, FileMetadata, PageReader, ParquetError, ParquetType, column_iter_to_arrays,
    read_metadata,
};

use super::column::{Cells, Type, Wanted};
use crate::ingest::error::FormatError;
use crate::ingest::guard;
use crate::schema::csv::MOST_COLUMNS;

/// Maximum size in bytes of a file, which is held in memory compressed.
const LARGEST: u64 = 2 << 30;

/// Maximum number of rows in a row group; groups are decompressed one at a time, each as a whole.
const MOST_ROWS: usize = 1 << 26;

/// An open Parquet file.
pub(super) struct File {
    bytes: Buffer<u8>,
    about: FileMetadata,
    columns: Vec<FileColumn>,
}

struct FileColumn {
    name: String,
    /// The Arrow field to decode into; `None` if the column cannot be decoded.
    field: Option<Field>,
    kind: Type,
}

impl File {
    pub(super) fn read(source: &mut dyn Read) -> Result<File, FormatError> {
        let mut bytes = Vec::new();
        source.take(LARGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST {
            let most = LARGEST >> 30;
            return Err(format!(
                "it has more than {most} GiB, the most that is read of one Parquet file; split it into a folder of files"
            )
            .into());
        }
        let about = read_metadata(&mut Cursor::new(&bytes))
            .map_err(|e| format!("it is not readable: {e}"))?;
        let columns = columns(&about)?;
        Ok(File {
            bytes: bytes.into(),
            about,
            columns,
        })
    }

    /// The names of the columns, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    pub(super) fn groups(&self) -> usize {
        self.about.row_groups.len()
    }

    pub(super) fn rows(&self, group: usize) -> usize {
        self.about.row_groups[group].num_rows()
    }

    pub(super) fn cells(
        &self,
        group: usize,
        column: usize,
        wanted: Wanted,
    ) -> Result<Cells, FormatError> {
        let FileColumn { name, field, kind } = &self.columns[column];
        let rows = self.rows(group);
        if rows > MOST_ROWS {
            return Err(format!(
                "a row group of it has {rows} rows, {MOST_ROWS} are the most; write it with smaller row groups"
            )
            .into());
        }
        let of_column = |why: String| FormatError::from(format!("the column {name:?} {why}"));
        let field = match (field, kind) {
            (Some(field), kind) if !matches!(kind, Type::Unreadable(_)) => field,
            (_, kind) => {
                return Err(of_column(format!(
                    "is {}; numbers, text, booleans, dates and timestamps are read",
                    kind.in_words()
                )));
            }
        };
        let cells = guard::call(|| {
            let arrays = self.arrays(group, name, field)?;
            let cells = Cells::of(&arrays, kind, wanted)?;
            match cells.len() == rows {
                true => Ok(cells),
                false => Err(format!("has {} cells for {rows} rows", cells.len()).into()),
            }
        });
        cells.map_err(|why| of_column(format!("cannot be read: {why}")))
    }

    fn arrays(
        &self,
        group: usize,
        name: &str,
        field: &Field,
    ) -> Result<Vec<Box<dyn Array>>, FormatError> {
        let group = &self.about.row_groups[group];
        let chunk = group.columns_under_root_iter(name);
        let chunk = chunk.and_then(|mut chunks| chunks.next());
        let chunk = chunk.ok_or("a row group lacks it")?;
        let range = chunk.byte_range();
        let (from, to) = (range.start as usize, range.end as usize);
        if from > to || to > self.bytes.len() {
            return Err("it ends beyond the file".into());
        }
        let bytes = self.bytes.clone().sliced(from..to);
        let pages = || {
            let bytes = Cursor::new(bytes.clone());
            let pages = PageReader::new(bytes, chunk, Vec::new(), usize::MAX);
            BasicDecompressor::new(pages, Vec::new())
        };
        check_levels(pages(), group.num_rows())?;
        let pages = vec![pages()];
        let types = vec![&chunk.descriptor().descriptor.primitive_type];
        let arrays = column_iter_to_arrays(pages, types, field.clone(), None);
        let (arrays, _) = arrays.map_err(|e| e.to_string())?;
        Ok(arrays)
    }
}

/// Checks that no run of definition levels is longer than its page: the library would otherwise allocate as much memory as a
/// damaged length says, which can abort the process.
fn check_levels(mut pages: BasicDecompressor, rows: usize) -> Result<(), FormatError> {
    let said = |e: ParquetError| e.to_string();
    pages.read_dict_page().map_err(said)?;
    let mut values = 0;
    while let Some(page) = pages.next() {
        let page = page.map_err(said)?.decompress(&mut pages).map_err(said)?;
        values += page.num_values();
        if values > rows {
            return Err(format!("a page goes beyond its {rows} rows").into());
        }
        let has_levels = page.descriptor.max_def_level > 0;
        let levels = split_buffer(&page).map_err(said)?.def;
        if has_levels && runs(levels).any(|run| run > page.num_values() as u64 + 7) {
            return Err("a run is longer than its page".into());
        }
    }
    Ok(())
}

/// The lengths of the runs of 1-bit definition levels; a bit-packed run holds a multiple of eight levels.
fn runs(mut levels: &[u8]) -> impl Iterator<Item = u64> + '_ {
    std::iter::from_fn(move || {
        let mut head = 0u64;
        for shift in (0..).step_by(7) {
            let (byte, rest) = levels.split_first()?;
            levels = rest;
            head |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (length, bytes) = match head & 1 {
            0 => (head >> 1, 1),
            _ => ((head >> 1).saturating_mul(8), head >> 1),
        };
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        levels = &levels[bytes.min(levels.len())..];
        Some(length)
    })
}

/// The columns by their Parquet types. The embedded Arrow schema matters only for the few types that Parquet lacks.
fn columns(about: &FileMetadata) -> Result<Vec<FileColumn>, FormatError> {
    let fields = about.schema().fields();
    if fields.len() > MOST_COLUMNS {
        return Err(format!(
            "it has {} columns, {MOST_COLUMNS} are the most",
            fields.len()
        )
        .into());
    }
    let arrow = guard::call(|| Ok(infer_schema(about).map_err(|e| e.to_string())?)).ok();
    let column = |file: &ParquetType| {
        let name = file.name().to_owned();
        let of_arrow = arrow.as_ref().and_then(|schema| schema.get(name.as_str()));
        let ParquetType::PrimitiveType(primitive) = file else {
            return FileColumn {
                name,
                field: None,
                kind: Type::Unreadable("a list or a structure"),
            };
        };
        let schema = parquet_to_arrow_schema(std::slice::from_ref(file));
        let field = schema.iter_values().next().cloned();
        let known = of_arrow.and_then(|field| Type::of_arrow_alone(&field.dtype, primitive));
        let kind = known.unwrap_or_else(|| match &field {
            Some(field) => Type::of(&field.dtype, primitive),
            None => Type::Unreadable("of no type"),
        });
        FileColumn { name, field, kind }
    };
    Ok(fields.iter().map(column).collect())
}
