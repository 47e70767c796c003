//! Reading a JSON object so that nothing in it goes unnoticed.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::{Map, Value};

/// Why something could not be read, or how the model disagrees.
pub(crate) type Problem = String;

/// Something read, or the reason it was not.
pub(crate) type Read<T> = Result<T, Problem>;

/// The fields of an object. Null is the same as absent: it is Go's nil.
///
/// It remembers which fields were asked for; [`Fields::of`] fails if one was not.
pub(crate) struct Fields<'a> {
    at: String,
    fields: Option<&'a Map<String, Value>>,
    asked: RefCell<BTreeSet<&'a str>>,
}

impl<'a> Fields<'a> {
    /// Reads an object; null reads as one without fields.
    pub(crate) fn of<T>(
        value: &'a Value,
        at: &str,
        read: impl FnOnce(&Self) -> Read<T>,
    ) -> Read<T> {
        let fields = match value {
            Value::Null => None,
            Value::Object(fields) => Some(fields),
            other => return Err(format!("{at}: an object is wanted, not {other}")),
        };
        let fields = Self { at: at.to_owned(), fields, asked: RefCell::default() };
        let result = read(&fields)?;
        match fields.rest().first() {
            None => Ok(result),
            Some((name, value)) => Err(format!("{at}.{name} is not understood: {value}")),
        }
    }

    /// A field's value.
    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        let (key, value) = self.fields?.get_key_value(name)?;
        self.asked.borrow_mut().insert(key);
        Some(value).filter(|value| !value.is_null())
    }

    /// The fields that nobody has asked for yet; they count as asked for now.
    pub(crate) fn rest(&self) -> Vec<(&'a str, &'a Value)> {
        let mut asked = self.asked.borrow_mut();
        let all = self.fields.into_iter().flatten();
        all.map(|(name, value)| (name.as_str(), value))
            .filter(|(name, value)| !value.is_null() && asked.insert(name))
            .collect()
    }

    /// Where a field is, for messages.
    pub(crate) fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.at)
    }

    /// A field that must be there.
    pub(crate) fn needed<T>(&self, name: &str, value: Option<T>) -> Read<T> {
        value.ok_or_else(|| format!("{} is missing", self.path(name)))
    }

    /// Takes fields that mean nothing to the model.
    pub(crate) fn ignore(&self, names: &[&str]) {
        for name in names {
            self.value(name);
        }
    }

    /// A whole number that fits.
    pub(crate) fn int<T: TryFrom<i64>>(&self, name: &str) -> Read<Option<T>> {
        self.typed(name, "a whole number that fits", |value| T::try_from(value.as_i64()?).ok())
    }

    /// A whole number, 0 if absent.
    pub(crate) fn int_or_zero<T: TryFrom<i64> + Default>(&self, name: &str) -> Read<T> {
        Ok(self.int(name)?.unwrap_or_default())
    }

    /// True or false, false if absent.
    pub(crate) fn flag(&self, name: &str) -> Read<bool> {
        Ok(self.typed(name, "true or false", Value::as_bool)?.unwrap_or(false))
    }

    /// True or false.
    pub(crate) fn flag_if_any(&self, name: &str) -> Read<Option<bool>> {
        self.typed(name, "true or false", Value::as_bool)
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Read<Option<&'a str>> {
        self.typed(name, "a text", Value::as_str)
    }

    /// A text, empty if absent.
    pub(crate) fn text_or_empty(&self, name: &str) -> Read<&'a str> {
        Ok(self.text(name)?.unwrap_or_default())
    }

    /// A list of texts, empty if absent.
    pub(crate) fn texts(&self, name: &str) -> Read<Vec<String>> {
        self.each(name, |value, at| {
            value.as_str().map(str::to_owned).ok_or_else(|| format!("{at}: a text is wanted"))
        })
    }

    /// A list of texts, if any.
    pub(crate) fn texts_if_any(&self, name: &str) -> Read<Option<Vec<String>>> {
        self.value(name).map(|_| self.texts(name)).transpose()
    }

    /// Labels or annotations, none if absent.
    pub(crate) fn labels(&self, name: &str) -> Read<BTreeMap<String, String>> {
        let read = |fields: &Fields<'a>| {
            let text = |(key, value): (&str, &Value)| {
                let value = value.as_str().ok_or_else(|| format!("{}: a text", self.path(key)))?;
                Ok((key.to_owned(), value.to_owned()))
            };
            fields.rest().into_iter().map(text).collect()
        };
        self.object(name, read)
    }

    /// An object; absent reads as one without fields.
    pub(crate) fn object<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Fields<'a>) -> Read<T>,
    ) -> Read<T> {
        Fields::of(self.value(name).unwrap_or(&Value::Null), &self.path(name), read)
    }

    /// An object, if any.
    pub(crate) fn object_if_any<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Fields<'a>) -> Read<T>,
    ) -> Read<Option<T>> {
        self.value(name).map(|value| Fields::of(value, &self.path(name), read)).transpose()
    }

    /// A list of objects, empty if absent.
    pub(crate) fn objects<T>(
        &self,
        name: &str,
        mut read: impl FnMut(&Fields<'a>) -> Read<T>,
    ) -> Read<Vec<T>> {
        self.each(name, |value, at| Fields::of(value, at, &mut read))
    }

    /// A list, empty if absent.
    pub(crate) fn each<T>(
        &self,
        name: &str,
        mut read: impl FnMut(&'a Value, &str) -> Read<T>,
    ) -> Read<Vec<T>> {
        let list = match self.value(name) {
            None => return Ok(Vec::new()),
            Some(value) => {
                value.as_array().ok_or_else(|| format!("{}: a list", self.path(name)))?
            }
        };
        let at = |index: usize| format!("{}[{index}]", self.path(name));
        list.iter().enumerate().map(|(index, value)| read(value, &at(index))).collect()
    }

    fn typed<T>(
        &self,
        name: &str,
        wanted: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Read<Option<T>> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let problem = || format!("{}: {wanted} is wanted, not {value}", self.path(name));
        read(value).map(Some).ok_or_else(problem)
    }
}
