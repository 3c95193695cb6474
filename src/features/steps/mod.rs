//! The steps, one file each; [`super::step`] has their table.

pub mod arithmetic;
pub mod bin;
pub mod companion_target;
pub mod date_parts;
pub mod extract;
pub mod first_letter;
pub mod frequent;
pub mod group_size;
pub mod impute;
pub mod interaction;
pub mod log1p;
pub mod missing;
pub mod one_hot;
pub mod standardise;
pub mod target_mean;
