//! Serialization of a mean's members, as kernels that are not means. Otherwise a few bytes could express a mean within a
//! mean within … and overflow the stack of the reader.

use serde::ser::{Error, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Kernel, Linear, Trees};

#[derive(Deserialize)]
enum Member {
    Linear(Linear),
    Trees(Trees),
}

#[derive(Serialize)]
enum MemberRef<'a> {
    Linear(&'a Linear),
    Trees(&'a Trees),
}

pub(super) fn serialize<S: Serializer>(
    members: &[Kernel],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut seq = serializer.serialize_seq(Some(members.len()))?;
    for member in members {
        let member = match member {
            Kernel::Linear(linear) => MemberRef::Linear(linear),
            Kernel::Trees(trees) => MemberRef::Trees(trees),
            Kernel::Mean(_) => return Err(S::Error::custom("a mean in a mean: flatten it")),
        };
        seq.serialize_element(&member)?;
    }
    seq.end()
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Kernel>, D::Error> {
    let members = Vec::<Member>::deserialize(deserializer)?;
    let kernel = |member| match member {
        Member::Linear(linear) => Kernel::Linear(linear),
        Member::Trees(trees) => Kernel::Trees(trees),
    };
    Ok(members.into_iter().map(kernel).collect())
}
