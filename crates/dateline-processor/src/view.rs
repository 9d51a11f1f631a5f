//! What an annotator is shown and where it writes: only what its descriptor declares, checked at every access.

use crate::{Descriptor, Input, LayerValue, ProcessError};
use dateline_core::{
    Diagnostic, Document, DocumentInput, Facet, FacetValue, Hints, Layer, LayerRecord, Mark, Metadata, SourceInfo,
};
use std::cell::RefCell;
use std::sync::Arc;

/// Where the layers an annotator requires come from.
pub trait LayerSource {
    /// The decoded layer, when some annotator assigned it to this document.
    fn layer(&self, name: &str) -> Option<&LayerValue>;
}

/// Says when an annotator's time is over. The engine's; annotators have no clock.
pub trait Deadline {
    /// Whether the time is over.
    fn is_over(&self) -> bool;
}

/// A deadline that never comes, for tests.
#[derive(Clone, Copy, Debug)]
pub struct NoDeadline;

impl Deadline for NoDeadline {
    fn is_over(&self) -> bool {
        false
    }
}

/// What an annotator sees of a document: the declared inputs and layers.
pub struct DocumentView<'a> {
    descriptor: &'a Descriptor,
    input: &'a DocumentInput,
    layers: &'a dyn LayerSource,
    deadline: &'a dyn Deadline,
    violation: RefCell<Option<String>>,
}

impl<'a> DocumentView<'a> {
    /// A view through the declarations of `descriptor`. Engines and tests make these; annotators get them.
    #[must_use]
    pub fn new(
        descriptor: &'a Descriptor,
        input: &'a DocumentInput,
        layers: &'a dyn LayerSource,
        deadline: &'a dyn Deadline,
    ) -> DocumentView<'a> {
        DocumentView { descriptor, input, layers, deadline, violation: RefCell::new(None) }
    }

    fn input(&self, input: Input) -> Result<&'a Document, ProcessError> {
        if self.descriptor.inputs().contains(&input) {
            Ok(&self.input.document)
        } else {
            Err(self.undeclared(input.name()))
        }
    }

    fn undeclared(&self, name: &str) -> ProcessError {
        let error = ProcessError::UndeclaredRead(name.to_owned());
        self.violation.borrow_mut().get_or_insert_with(|| error.to_string());
        error
    }

    /// The first undeclared read, though the annotator may have swallowed its error. For engines.
    #[must_use]
    pub fn violation(&self) -> Option<String> {
        self.violation.borrow().clone()
    }

    /// Canonical text.
    ///
    /// # Errors
    /// [`ProcessError::UndeclaredRead`] without [`Input::Text`].
    pub fn text(&self) -> Result<&'a str, ProcessError> {
        self.input(Input::Text).map(|document| document.text.as_str())
    }

    /// Parts of the text that are no prose of the article.
    ///
    /// # Errors
    /// [`ProcessError::UndeclaredRead`] without [`Input::Text`].
    pub fn marks(&self) -> Result<&'a [Mark], ProcessError> {
        self.input(Input::Text).map(|document| document.marks.as_slice())
    }

    /// Headline.
    ///
    /// # Errors
    /// [`ProcessError::UndeclaredRead`] without [`Input::Title`].
    pub fn title(&self) -> Result<Option<&'a str>, ProcessError> {
        self.input(Input::Title).map(|document| document.title.as_deref())
    }

    /// What the source says about the article.
    ///
    /// # Errors
    /// [`ProcessError::UndeclaredRead`] without [`Input::Metadata`].
    pub fn metadata(&self) -> Result<&'a Metadata, ProcessError> {
        self.input(Input::Metadata).map(|document| &document.metadata)
    }

    /// Where the document came from.
    ///
    /// # Errors
    /// [`ProcessError::UndeclaredRead`] without [`Input::Source`].
    pub fn source(&self) -> Result<&'a SourceInfo, ProcessError> {
        self.input(Input::Source).map(|_| &self.input.source)
    }

    /// What was said about the document from outside.
    ///
    /// # Errors
    /// [`ProcessError::UndeclaredRead`] without [`Input::Hints`].
    pub fn hints(&self) -> Result<&'a Hints, ProcessError> {
        self.input(Input::Hints).map(|_| &self.input.hints)
    }

    /// A required layer, or `None` for an optional one that is not there.
    ///
    /// # Errors
    /// [`ProcessError::UndeclaredRead`] when it is not declared, [`ProcessError::WrongType`] when it is of another type.
    pub fn layer<T: Layer>(&self) -> Result<Option<&'a T>, ProcessError> {
        let declared = self.descriptor.required().iter().any(|wanted| wanted.spec.name() == T::NAME);
        if !declared {
            return Err(self.undeclared(T::NAME));
        }
        match self.layers.layer(T::NAME) {
            None => Ok(None),
            Some(value) => {
                value.downcast_ref::<T>().map(Some).ok_or_else(|| ProcessError::WrongType(T::NAME.to_owned()))
            }
        }
    }

    /// A required layer that must be there: the engine does not run an annotator without it.
    ///
    /// # Errors
    /// As [`DocumentView::layer`].
    pub fn required<T: Layer>(&self) -> Result<&'a T, ProcessError> {
        self.layer::<T>()?.ok_or_else(|| ProcessError::WrongType(T::NAME.to_owned()))
    }

    /// A required layer as its decoded value, whatever its type; for processors that only pass layers on.
    ///
    /// # Errors
    /// [`ProcessError::UndeclaredRead`] when it is not declared.
    pub fn layer_value(&self, name: &str) -> Result<Option<&'a LayerValue>, ProcessError> {
        if self.descriptor.required().iter().any(|wanted| wanted.spec.name() == name) {
            Ok(self.layers.layer(name))
        } else {
            Err(self.undeclared(name))
        }
    }

    /// Call this now and then in long loops: it ends the work when its time is over.
    ///
    /// # Errors
    /// [`ProcessError::TimedOut`].
    pub fn tick(&self) -> Result<(), ProcessError> {
        if self.deadline.is_over() { Err(ProcessError::TimedOut) } else { Ok(()) }
    }
}

/// Everything an annotator wrote about one document.
#[derive(Default)]
pub struct OutputParts {
    /// Layers, encoded and as values, in the order they were assigned.
    pub layers: Vec<(LayerRecord, LayerValue)>,
    /// Facets, in the order they were emitted.
    pub facets: Vec<Facet>,
    /// What was odd.
    pub diagnostics: Vec<Diagnostic>,
}

/// Where an annotator writes. Everything is checked against its descriptor and the text at once.
pub struct Output<'a> {
    descriptor: &'a Descriptor,
    text: &'a str,
    parts: OutputParts,
    bytes: usize,
    violation: Option<String>,
}

impl<'a> Output<'a> {
    /// An empty output for a document with this canonical text.
    #[must_use]
    pub fn new(descriptor: &'a Descriptor, text: &'a str) -> Output<'a> {
        Output { descriptor, text, parts: OutputParts::default(), bytes: 0, violation: None }
    }

    /// Assigns a layer.
    ///
    /// # Errors
    /// When it is not declared, was assigned before, has spans that do not fit the text, or is too large.
    pub fn assign<T: Layer>(&mut self, layer: T) -> Result<(), ProcessError> {
        self.assign_value(T::NAME, Arc::new(layer))
    }

    /// As [`Output::assign`], for a layer whose type is not known at compile time.
    ///
    /// # Errors
    /// As [`Output::assign`].
    pub fn assign_value(&mut self, name: &str, value: LayerValue) -> Result<(), ProcessError> {
        let assigned = self.assign_checked(name, value);
        self.remember(assigned)
    }

    fn assign_checked(&mut self, name: &str, value: LayerValue) -> Result<(), ProcessError> {
        let spec = self.descriptor.assigned().iter().find(|spec| spec.name() == name);
        let spec = spec.ok_or_else(|| ProcessError::UndeclaredWrite(name.to_owned()))?;
        if self.parts.layers.iter().any(|(record, _)| record.name == name) {
            return Err(ProcessError::AssignedTwice(name.to_owned()));
        }
        spec.check(&*value, self.text).map_err(|source| ProcessError::BadSpans { layer: name.to_owned(), source })?;
        let record = spec.encode(&*value).map_err(|source| ProcessError::Encode { layer: name.to_owned(), source })?;
        let limit = self.descriptor.cost().output_bytes;
        self.bytes += record.bytes.len();
        if self.bytes > limit {
            return Err(ProcessError::TooMuch { what: "bytes", limit });
        }
        self.parts.layers.push((record, value));
        Ok(())
    }

    /// Emits a facet.
    ///
    /// # Errors
    /// When it is not declared with the type of `value`, is NaN, or is one too many.
    pub fn facet(&mut self, name: &str, value: FacetValue) -> Result<(), ProcessError> {
        let emitted = self.facet_checked(name, value);
        self.remember(emitted)
    }

    fn facet_checked(&mut self, name: &str, value: FacetValue) -> Result<(), ProcessError> {
        let declared = self.descriptor.facets().iter().any(|spec| spec.name == name && spec.kind == value.kind());
        let is_number = !matches!(value, FacetValue::Number(number) if number.is_nan());
        if !declared || !is_number {
            return Err(ProcessError::UndeclaredFacet(name.to_owned()));
        }
        let limit = self.descriptor.cost().facets;
        if self.parts.facets.len() >= limit {
            return Err(ProcessError::TooMuch { what: "facets", limit });
        }
        self.parts.facets.push(Facet { name: name.to_owned(), value });
        Ok(())
    }

    fn remember(&mut self, result: Result<(), ProcessError>) -> Result<(), ProcessError> {
        if let Err(error) = &result {
            self.violation.get_or_insert_with(|| match std::error::Error::source(error) {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            });
        }
        result
    }

    /// The first rule a write broke, though the annotator may have swallowed its error. For engines.
    #[must_use]
    pub fn violation(&self) -> Option<String> {
        self.violation.clone()
    }

    /// Reports something odd. Past the limit further reports are dropped.
    pub fn diagnostic(&mut self, diagnostic: Diagnostic) {
        if self.parts.diagnostics.len() < self.descriptor.cost().diagnostics {
            self.parts.diagnostics.push(diagnostic);
        }
    }

    /// What was written.
    #[must_use]
    pub fn into_parts(self) -> OutputParts {
        self.parts
    }
}
