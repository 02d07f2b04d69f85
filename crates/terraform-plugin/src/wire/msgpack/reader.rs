//! Reads values from MessagePack.
//!
//! The bytes may be wrong in any way. A length is checked against the bytes that are there, the
//! depth of nesting is limited, and no key may stand twice.

use std::collections::BTreeMap;

use rmp::Marker;

use super::super::error::DecodeError;
use super::super::number::Number;
use super::super::path::Step;
use super::super::ty::Type;
use super::super::value::{Value, dedup};

/// The bytes that are still to be read.
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads one value of type `ty`, which may nest `depth` levels deep.
    pub(super) fn value(&mut self, ty: &Type, depth: usize) -> Result<Value, DecodeError> {
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| DecodeError::new("less nesting"))?;
        let marker = self.marker()?;
        if marker == Marker::Null {
            return Ok(Value::Null);
        }
        // Terraform writes an unknown value as an extension, whose content may narrow down what the
        // value will be. That is not used here.
        if let Some(length) = self.extension(marker)? {
            self.bytes(length)?;
            return Ok(Value::Unknown);
        }
        match ty {
            Type::Bool => match marker {
                Marker::True => Ok(Value::Bool(true)),
                Marker::False => Ok(Value::Bool(false)),
                _ => Err(misfit(ty)),
            },
            Type::Dynamic => self.dynamic(marker, depth),
            Type::List(element) => {
                let length = self.array_length(marker)?.ok_or_else(|| misfit(ty))?;
                let elements = (0..length).map(|position| {
                    self.value(element, depth)
                        .map_err(|error| error.within(Step::position(position)))
                });
                Ok(Value::List(collect(elements)?))
            }
            Type::Map(element) => self.map(marker, element, ty, depth),
            Type::Number => self.number(marker),
            Type::Object(attributes) => self.object(marker, attributes, depth),
            Type::Set(element) => {
                let length = self.array_length(marker)?.ok_or_else(|| misfit(ty))?;
                // The path of an error gets no step here, since an element of a set has no address.
                let mut elements = collect((0..length).map(|_| self.value(element, depth)))?;
                dedup(&mut elements);
                Ok(Value::List(elements))
            }
            Type::String => Ok(Value::String(self.string(marker, ty)?.to_owned())),
            Type::Tuple(types) => self.tuple(marker, types, depth),
        }
    }

    /// Reads a value of a dynamically typed attribute: a pair of its type, as JSON in a binary or a
    /// string, and the value.
    fn dynamic(&mut self, marker: Marker, depth: usize) -> Result<Value, DecodeError> {
        let misfit = || DecodeError::new("a pair of type and value");
        if self.array_length(marker)? != Some(2) {
            return Err(misfit());
        }
        let marker = self.marker()?;
        let length = match self.binary_length(marker)? {
            Some(length) => length,
            None => self.string_length(marker)?.ok_or_else(misfit)?,
        };
        let ty = Type::from_json(self.bytes(length)?).ok_or_else(|| DecodeError::new("a type"))?;
        let value = self.value(&ty, depth)?;
        Ok(Value::Dynamic(Box::new((ty, value))))
    }

    fn map(
        &mut self,
        marker: Marker,
        element: &Type,
        ty: &Type,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let length = self.map_length(marker)?.ok_or_else(|| misfit(ty))?;
        let mut entries = BTreeMap::new();
        for _ in 0..length {
            let key = self.key()?;
            let value = self
                .value(element, depth)
                .map_err(|error| error.within(Step::Key(key.to_owned())))?;
            if entries.insert(key.to_owned(), value).is_some() {
                return Err(DecodeError::new("each key once"));
            }
        }
        Ok(Value::Map(entries))
    }

    fn object(
        &mut self,
        marker: Marker,
        attributes: &BTreeMap<String, Type>,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let count = attributes.len();
        if self.map_length(marker)? != Some(count) {
            return Err(DecodeError::new(format!("an object of {count} attributes")));
        }
        let mut values = BTreeMap::new();
        for _ in 0..count {
            let name = self.key()?;
            // The error does not tell the name. These bytes may be anything, even a secret value.
            let ty = attributes
                .get(name)
                .ok_or_else(|| DecodeError::new("only attributes of the schema"))?;
            let value = self
                .value(ty, depth)
                .map_err(|error| error.within(Step::Attribute(name.to_owned())))?;
            if values.insert(name.to_owned(), value).is_some() {
                return Err(DecodeError::new("each attribute once"));
            }
        }
        Ok(Value::Map(values))
    }

    fn tuple(
        &mut self,
        marker: Marker,
        types: &[Type],
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let count = types.len();
        if self.array_length(marker)? != Some(count) {
            return Err(DecodeError::new(format!("a tuple of {count} elements")));
        }
        let elements = types.iter().enumerate().map(|(position, ty)| {
            self.value(ty, depth)
                .map_err(|error| error.within(Step::position(position)))
        });
        Ok(Value::List(collect(elements)?))
    }

    /// Reads a number: an integer or a float of any size, or a string of decimal digits, which
    /// Terraform writes for what fits in neither.
    fn number(&mut self, marker: Marker) -> Result<Value, DecodeError> {
        let ty = &Type::Number;
        let number = match marker {
            Marker::FixPos(value) => Number::from(u64::from(value)),
            Marker::FixNeg(value) => Number::from(i64::from(value)),
            Marker::U8 => Number::from(u64::from(u8::from_be_bytes(self.array()?))),
            Marker::U16 => Number::from(u64::from(u16::from_be_bytes(self.array()?))),
            Marker::U32 => Number::from(u64::from(u32::from_be_bytes(self.array()?))),
            Marker::U64 => Number::from(u64::from_be_bytes(self.array()?)),
            Marker::I8 => Number::from(i64::from(i8::from_be_bytes(self.array()?))),
            Marker::I16 => Number::from(i64::from(i16::from_be_bytes(self.array()?))),
            Marker::I32 => Number::from(i64::from(i32::from_be_bytes(self.array()?))),
            Marker::I64 => Number::from(i64::from_be_bytes(self.array()?)),
            Marker::F32 => {
                let float = f32::from_be_bytes(self.array()?);
                Number::from_f64(float.into()).ok_or_else(|| misfit(ty))?
            }
            Marker::F64 => {
                let float = f64::from_be_bytes(self.array()?);
                Number::from_f64(float).ok_or_else(|| misfit(ty))?
            }
            _ => Number::parse(self.string(marker, ty)?).ok_or_else(|| misfit(ty))?,
        };
        Ok(Value::Number(number))
    }

    fn key(&mut self) -> Result<&'a str, DecodeError> {
        let marker = self.marker()?;
        self.string(marker, &Type::String)
    }

    fn string(&mut self, marker: Marker, ty: &Type) -> Result<&'a str, DecodeError> {
        let length = self.string_length(marker)?.ok_or_else(|| misfit(ty))?;
        std::str::from_utf8(self.bytes(length)?).map_err(|_| DecodeError::new("UTF-8 text"))
    }

    /// The length of a string in bytes; `None` for any other marker.
    fn string_length(&mut self, marker: Marker) -> Result<Option<usize>, DecodeError> {
        Ok(Some(match marker {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 => self.length8()?,
            Marker::Str16 => self.length16()?,
            Marker::Str32 => self.length32()?,
            _ => return Ok(None),
        }))
    }

    /// The length of a binary in bytes; `None` for any other marker.
    fn binary_length(&mut self, marker: Marker) -> Result<Option<usize>, DecodeError> {
        Ok(Some(match marker {
            Marker::Bin8 => self.length8()?,
            Marker::Bin16 => self.length16()?,
            Marker::Bin32 => self.length32()?,
            _ => return Ok(None),
        }))
    }

    /// The number of elements of an array; `None` for any other marker.
    fn array_length(&mut self, marker: Marker) -> Result<Option<usize>, DecodeError> {
        Ok(Some(match marker {
            Marker::FixArray(length) => usize::from(length),
            Marker::Array16 => self.length16()?,
            Marker::Array32 => self.length32()?,
            _ => return Ok(None),
        }))
    }

    /// The number of entries of a map; `None` for any other marker.
    fn map_length(&mut self, marker: Marker) -> Result<Option<usize>, DecodeError> {
        Ok(Some(match marker {
            Marker::FixMap(length) => usize::from(length),
            Marker::Map16 => self.length16()?,
            Marker::Map32 => self.length32()?,
            _ => return Ok(None),
        }))
    }

    /// The number of bytes of an extension, which are the byte of its type and its content; `None`
    /// for any other marker.
    fn extension(&mut self, marker: Marker) -> Result<Option<usize>, DecodeError> {
        let body = match marker {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 => self.length8()?,
            Marker::Ext16 => self.length16()?,
            Marker::Ext32 => self.length32()?,
            _ => return Ok(None),
        };
        Ok(Some(body.saturating_add(1)))
    }

    fn length8(&mut self) -> Result<usize, DecodeError> {
        Ok(u8::from_be_bytes(self.array()?).into())
    }

    fn length16(&mut self) -> Result<usize, DecodeError> {
        Ok(u16::from_be_bytes(self.array()?).into())
    }

    fn length32(&mut self) -> Result<usize, DecodeError> {
        Ok(usize::try_from(u32::from_be_bytes(self.array()?)).unwrap_or(usize::MAX))
    }

    fn marker(&mut self) -> Result<Marker, DecodeError> {
        let [byte] = self.array()?;
        Ok(Marker::from_u8(byte))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(truncated)?;
        self.rest = rest;
        Ok(bytes)
    }
}

/// Collects the elements without reserving memory by the length that was read. A forged length of
/// four billion would otherwise reserve that much, however few bytes follow. The iterator's lower
/// bound is zero because it ends at the first error.
fn collect(
    elements: impl Iterator<Item = Result<Value, DecodeError>>,
) -> Result<Vec<Value>, DecodeError> {
    elements.collect()
}

fn misfit(ty: &Type) -> DecodeError {
    DecodeError::new(ty.to_string())
}

fn truncated() -> DecodeError {
    DecodeError::new("more bytes")
}
