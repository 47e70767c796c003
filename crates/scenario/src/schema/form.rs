//! What a value may be, written down in the words of JSON Schema.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

/// What a value may be.
#[derive(Clone, Debug)]
pub(super) struct Form {
    json: Map<String, Value>,
    /// Whether it may be a function with a comma, which an editor tears apart within braces.
    tears: bool,
}

/// A field of a mapping.
pub(super) struct Field {
    name: &'static str,
    form: Form,
    required: bool,
}

/// A field that may be left out, or be null, which is the same.
pub(super) fn field(name: &'static str, form: Form, meaning: &str) -> Field {
    Field { name, form: form.or_null().says(meaning), required: false }
}

/// A field that has to be there.
pub(super) fn required(name: &'static str, form: Form, meaning: &str) -> Field {
    Field { name, form: form.says(meaning), required: true }
}

/// A field that may be left out, but not be null.
pub(super) fn filled(name: &'static str, form: Form, meaning: &str) -> Field {
    Field { name, form: form.says(meaning), required: false }
}

impl Field {
    /// What holds where it is left out.
    pub(super) fn or(mut self, default: impl Into<Value>) -> Self {
        self.form.set("default", default.into());
        self
    }
}

/// Any text; what YAML takes for a number or a boolean is one too.
pub(super) fn text() -> Form {
    Form::of(json!({ "type": ["string", "number", "boolean"] }))
}

/// A text of a pattern, which JavaScript and Rust read alike.
pub(super) fn pattern(pattern: &str) -> Form {
    Form::of(json!({ "type": "string", "pattern": format!("^({pattern})$") }))
}

/// A whole number of a range.
pub(super) fn integer(range: RangeInclusive<u64>) -> Form {
    Form::of(json!({ "type": "integer", "minimum": range.start(), "maximum": range.end() }))
}

/// A whole number from this on.
pub(super) fn integer_from(least: u64) -> Form {
    Form::of(json!({ "type": "integer", "minimum": least }))
}

/// A number from this on.
pub(super) fn number(least: f64) -> Form {
    Form::of(json!({ "type": "number", "minimum": written(least) }))
}

/// A number as short as it can be written: 1, not 1.0.
pub(super) fn written(number: f64) -> Value {
    let whole = number as i64;
    if (whole as f64).to_bits() == number.to_bits() { json!(whole) } else { json!(number) }
}

/// True or false.
pub(super) fn boolean() -> Form {
    Form::of(json!({ "type": "boolean" }))
}

/// One of a few words.
pub(super) fn choice(words: &[&str]) -> Form {
    Form::of(json!({ "type": "string", "enum": words }))
}

/// This and nothing else.
pub(super) fn constant(value: impl Into<Value>) -> Form {
    Form::of(json!({ "const": value.into() }))
}

/// One of several forms.
pub(super) fn any_of(forms: impl IntoIterator<Item = Form>) -> Form {
    let mut tears = false;
    let inside = forms.into_iter().map(|form| {
        tears |= form.tears;
        Value::Object(form.json)
    });
    let inside: Vec<Value> = inside.collect();
    Form { tears, ..Form::of(json!({ "anyOf": inside })) }
}

/// A form that stands among the definitions.
pub(super) fn defined(name: &str) -> Form {
    Form::of(json!({ "$ref": format!("#/$defs/{name}") }))
}

/// A list.
pub(super) fn list(of: Form) -> Form {
    Form::of(json!({ "type": "array", "items": of.json }))
}

/// A mapping from any names.
pub(super) fn mapping_to(of: Form) -> Form {
    Form::of(json!({ "type": "object", "additionalProperties": of.or_null().json }))
}

/// A mapping of any names to anything.
pub(super) fn any_mapping() -> Form {
    Form::of(json!({ "type": "object" }))
}

/// A mapping of these fields and no others.
pub(super) fn mapping(fields: impl IntoIterator<Item = Field>) -> Form {
    let (mut properties, mut needed, mut tears) = (Map::new(), Vec::new(), false);
    for Field { name, form, required } in fields {
        if required {
            needed.push(name);
        }
        tears |= form.tears;
        properties.insert(name.to_owned(), form.json.into());
    }
    let mut form = Form::of(json!({ "type": "object", "additionalProperties": false }));
    if !needed.is_empty() {
        form.set("required", needed.into());
    }
    form.set("properties", properties.into());
    if tears {
        // `{ serviceTime: lognormal(20ms, p99=90ms) }` is a mapping of two keys to an editor.
        form.set("patternProperties", json!({ "\\)$": { "type": "null" } }));
    }
    form
}

impl Form {
    fn of(json: Value) -> Self {
        let Value::Object(json) = json else { unreachable!("every form is a mapping") };
        Self { json, tears: false }
    }

    fn set(&mut self, keyword: &str, value: Value) {
        self.json.insert(keyword.to_owned(), value);
    }

    fn with(mut self, keyword: &str, value: impl Into<Value>) -> Self {
        self.set(keyword, value.into());
        self
    }

    /// As JSON.
    pub(super) fn into_json(self) -> Value {
        self.json.into()
    }

    /// The same with a sentence about it, which comes first.
    pub(super) fn says(mut self, sentence: &str) -> Self {
        self.json.shift_insert(0, "description".to_owned(), sentence.into());
        self
    }

    /// The same with examples.
    pub(super) fn such_as(self, examples: &[&str]) -> Self {
        self.with("examples", examples)
    }

    /// The same as what may be a function with a comma.
    pub(super) fn torn_by_editors(self) -> Self {
        Self { tears: true, ..self }
    }

    /// At least so many items of a list.
    pub(super) fn at_least(self, least: usize) -> Self {
        self.with("minItems", least)
    }

    /// At most so many items of a list.
    pub(super) fn at_most(self, most: usize) -> Self {
        self.with("maxItems", most)
    }

    /// So many characters of a text.
    pub(super) fn of_length(self, range: RangeInclusive<usize>) -> Self {
        self.with("minLength", *range.start()).with("maxLength", *range.end())
    }

    /// At most this number.
    pub(super) fn up_to(self, most: f64) -> Self {
        self.with("maximum", written(most))
    }

    /// Less than this number.
    pub(super) fn below(self, bound: f64) -> Self {
        self.with("exclusiveMaximum", written(bound))
    }

    /// More than this number.
    pub(super) fn above(self, bound: f64) -> Self {
        let mut form = self.with("exclusiveMinimum", written(bound));
        form.json.shift_remove("minimum");
        form
    }

    /// Exactly one of these fields of a mapping.
    pub(super) fn with_one_of(self, names: &[&str]) -> Self {
        let each: Vec<Value> = names.iter().map(|name| json!({ "required": [name] })).collect();
        self.with("oneOf", each)
    }

    /// A mapping with one field.
    pub(super) fn with_one_field(self) -> Self {
        self.with("minProperties", 1).with("maxProperties", 1)
    }

    /// A mapping with one field, besides two that may be there too.
    pub(super) fn with_one_besides(self, [name, other]: [&str; 2]) -> Self {
        let fields = |count: u32| json!({ "minProperties": count, "maxProperties": count });
        let counted = |there: u32| {
            let (then, otherwise) = (fields(there + 2), fields(there + 1));
            json!({ "if": { "required": [other] }, "then": then, "else": otherwise })
        };
        let form = self.with("if", json!({ "required": [name] }));
        form.with("then", counted(1)).with("else", counted(0))
    }

    /// The same, or nothing.
    pub(super) fn or_null(mut self) -> Self {
        if let Some(Value::Array(forms)) = self.json.get_mut("anyOf") {
            forms.push(json!({ "type": "null" }));
            return self;
        }
        if let Some(Value::Array(words)) = self.json.get_mut("enum") {
            words.push(Value::Null);
        }
        match self.json.get_mut("type") {
            Some(Value::Array(types)) => types.push("null".into()),
            Some(only) => *only = json!([only.take(), "null"]),
            None => {
                let Self { json, tears } = self;
                return Self { tears, ..Self::of(json!({ "anyOf": [json, { "type": "null" }] })) };
            }
        }
        self
    }
}
