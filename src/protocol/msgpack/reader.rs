//! From MessagePack. No byte is trusted: not a length, not a depth, not a key.

use std::collections::BTreeMap;

use rmp::Marker;

use super::super::error::DecodeError;
use super::super::number::Number;
use super::super::path::Path;
use super::super::ty::Type;
use super::super::value::{Value, dedup};

pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn value(
        &mut self,
        ty: &Type,
        path: &Path,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let too_deep = || DecodeError::new(path, "expected less nesting");
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        let marker = self.marker(path)?;
        if marker == Marker::Null {
            return Ok(Value::Null);
        }
        if let Some(length) = self.extension(marker, path)? {
            self.bytes(length, path)?;
            return Ok(Value::Unknown);
        }
        match ty {
            Type::Bool => match marker {
                Marker::True => Ok(Value::Bool(true)),
                Marker::False => Ok(Value::Bool(false)),
                _ => Err(expected(path, ty)),
            },
            Type::Dynamic => self.dynamic(marker, path, depth),
            Type::List(element) => Ok(Value::List(
                self.elements(marker, element, ty, path, depth)?,
            )),
            Type::Map(element) => self.map(marker, element, path, depth),
            Type::Number => self.number(marker, path),
            Type::Object(attributes) => self.object(marker, attributes, path, depth),
            Type::Set(element) => {
                let mut elements = self.elements(marker, element, ty, path, depth)?;
                dedup(&mut elements);
                Ok(Value::List(elements))
            }
            Type::String => Ok(Value::String(self.string(marker, ty, path)?.to_owned())),
            Type::Tuple(types) => self.tuple(marker, types, path, depth),
        }
    }

    fn dynamic(&mut self, marker: Marker, path: &Path, depth: usize) -> Result<Value, DecodeError> {
        let pair = || DecodeError::new(path, "expected a pair of type and value");
        if self.array_length(marker, path)? != Some(2) {
            return Err(pair());
        }
        let marker = self.marker(path)?;
        let length = match self.binary_length(marker, path)? {
            Some(length) => length,
            None => self.string_length(marker, path)?.ok_or_else(pair)?,
        };
        let ty = Type::from_json(self.bytes(length, path)?);
        let ty = ty.ok_or_else(|| DecodeError::new(path, "expected a type"))?;
        let value = self.value(&ty, path, depth)?;
        Ok(Value::Dynamic(Box::new((ty, value))))
    }

    fn elements(
        &mut self,
        marker: Marker,
        element: &Type,
        ty: &Type,
        path: &Path,
        depth: usize,
    ) -> Result<Vec<Value>, DecodeError> {
        let length = self
            .array_length(marker, path)?
            .ok_or_else(|| expected(path, ty))?;
        // Not reserved by the stated length: a forged one would cost memory that no element ever fills.
        let mut elements = Vec::new();
        for position in 0..length {
            elements.push(self.value(element, &path.index(position), depth)?);
        }
        Ok(elements)
    }

    fn tuple(
        &mut self,
        marker: Marker,
        types: &[Type],
        path: &Path,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        if self.array_length(marker, path)? != Some(types.len()) {
            return Err(DecodeError::new(
                path,
                format!("expected a tuple of {} elements", types.len()),
            ));
        }
        let elements = types.iter().enumerate();
        let elements = elements.map(|(position, ty)| self.value(ty, &path.index(position), depth));
        Ok(Value::List(elements.collect::<Result<_, _>>()?))
    }

    fn map(
        &mut self,
        marker: Marker,
        element: &Type,
        path: &Path,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let length = self.map_length(marker, path)?;
        let length = length.ok_or_else(|| DecodeError::new(path, "expected a map"))?;
        let mut entries = BTreeMap::new();
        for _ in 0..length {
            let key = self.key(path)?.to_owned();
            let value = self.value(element, &path.key(&key), depth)?;
            if entries.insert(key, value).is_some() {
                return Err(DecodeError::new(path, "expected each key once"));
            }
        }
        Ok(Value::Map(entries))
    }

    fn object(
        &mut self,
        marker: Marker,
        attributes: &BTreeMap<String, Type>,
        path: &Path,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let length = self.map_length(marker, path)?;
        if length != Some(attributes.len()) {
            return Err(DecodeError::new(
                path,
                format!("expected an object of {} attributes", attributes.len()),
            ));
        }
        let mut values = BTreeMap::new();
        for _ in 0..attributes.len() {
            let name = self.key(path)?;
            let Some(ty) = attributes.get(name) else {
                return Err(DecodeError::new(
                    path,
                    "expected only attributes of the schema",
                ));
            };
            let value = self.value(ty, &path.attribute(name), depth)?;
            if values.insert(name.to_owned(), value).is_some() {
                return Err(DecodeError::new(path, "expected each attribute once"));
            }
        }
        Ok(Value::Map(values))
    }

    fn number(&mut self, marker: Marker, path: &Path) -> Result<Value, DecodeError> {
        let wrong = || expected(path, &Type::Number);
        let number = match marker {
            Marker::FixPos(value) => Number::from(u64::from(value)),
            Marker::FixNeg(value) => Number::from(i64::from(value)),
            Marker::U8 => Number::from(u64::from(u8::from_be_bytes(self.array(path)?))),
            Marker::U16 => Number::from(u64::from(u16::from_be_bytes(self.array(path)?))),
            Marker::U32 => Number::from(u64::from(u32::from_be_bytes(self.array(path)?))),
            Marker::U64 => Number::from(u64::from_be_bytes(self.array(path)?)),
            Marker::I8 => Number::from(i64::from(i8::from_be_bytes(self.array(path)?))),
            Marker::I16 => Number::from(i64::from(i16::from_be_bytes(self.array(path)?))),
            Marker::I32 => Number::from(i64::from(i32::from_be_bytes(self.array(path)?))),
            Marker::I64 => Number::from(i64::from_be_bytes(self.array(path)?)),
            Marker::F32 => Number::from_f64(f64::from(f32::from_be_bytes(self.array(path)?)))
                .ok_or_else(wrong)?,
            Marker::F64 => {
                Number::from_f64(f64::from_be_bytes(self.array(path)?)).ok_or_else(wrong)?
            }
            _ => Number::parse(self.string(marker, &Type::Number, path)?).ok_or_else(wrong)?,
        };
        Ok(Value::Number(number))
    }

    fn key(&mut self, path: &Path) -> Result<&'a str, DecodeError> {
        let marker = self.marker(path)?;
        self.string(marker, &Type::String, path)
    }

    fn string(&mut self, marker: Marker, ty: &Type, path: &Path) -> Result<&'a str, DecodeError> {
        let length = self
            .string_length(marker, path)?
            .ok_or_else(|| expected(path, ty))?;
        std::str::from_utf8(self.bytes(length, path)?)
            .map_err(|_| DecodeError::new(path, "expected UTF-8 text"))
    }

    fn string_length(&mut self, marker: Marker, path: &Path) -> Result<Option<usize>, DecodeError> {
        Ok(Some(match marker {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 => usize::from(u8::from_be_bytes(self.array(path)?)),
            Marker::Str16 => usize::from(u16::from_be_bytes(self.array(path)?)),
            Marker::Str32 => self.length32(path)?,
            _ => return Ok(None),
        }))
    }

    fn binary_length(&mut self, marker: Marker, path: &Path) -> Result<Option<usize>, DecodeError> {
        Ok(Some(match marker {
            Marker::Bin8 => usize::from(u8::from_be_bytes(self.array(path)?)),
            Marker::Bin16 => usize::from(u16::from_be_bytes(self.array(path)?)),
            Marker::Bin32 => self.length32(path)?,
            _ => return Ok(None),
        }))
    }

    fn array_length(&mut self, marker: Marker, path: &Path) -> Result<Option<usize>, DecodeError> {
        Ok(Some(match marker {
            Marker::FixArray(length) => usize::from(length),
            Marker::Array16 => usize::from(u16::from_be_bytes(self.array(path)?)),
            Marker::Array32 => self.length32(path)?,
            _ => return Ok(None),
        }))
    }

    fn map_length(&mut self, marker: Marker, path: &Path) -> Result<Option<usize>, DecodeError> {
        Ok(Some(match marker {
            Marker::FixMap(length) => usize::from(length),
            Marker::Map16 => usize::from(u16::from_be_bytes(self.array(path)?)),
            Marker::Map32 => self.length32(path)?,
            _ => return Ok(None),
        }))
    }

    /// The length of an extension's type byte and body.
    fn extension(&mut self, marker: Marker, path: &Path) -> Result<Option<usize>, DecodeError> {
        let body = match marker {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 => usize::from(u8::from_be_bytes(self.array(path)?)),
            Marker::Ext16 => usize::from(u16::from_be_bytes(self.array(path)?)),
            Marker::Ext32 => self.length32(path)?,
            _ => return Ok(None),
        };
        Ok(Some(body.saturating_add(1)))
    }

    fn length32(&mut self, path: &Path) -> Result<usize, DecodeError> {
        Ok(usize::try_from(u32::from_be_bytes(self.array(path)?)).unwrap_or(usize::MAX))
    }

    fn marker(&mut self, path: &Path) -> Result<Marker, DecodeError> {
        let [byte] = self.array(path)?;
        Ok(Marker::from_u8(byte))
    }

    fn array<const N: usize>(&mut self, path: &Path) -> Result<[u8; N], DecodeError> {
        let (bytes, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or_else(|| truncated(path))?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn bytes(&mut self, length: usize, path: &Path) -> Result<&'a [u8], DecodeError> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| truncated(path))?;
        self.rest = rest;
        Ok(bytes)
    }
}

fn expected(path: &Path, ty: &Type) -> DecodeError {
    DecodeError::new(path, format!("expected {ty}"))
}

fn truncated(path: &Path) -> DecodeError {
    DecodeError::new(path, "expected more bytes")
}
