//! The two versions of SOAP: what their messages are called (SOAP 1.1 section 4.1.2, SOAP 1.2 part 1 section 5).

/// The version of SOAP that a message speaks; it is answered in the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// SOAP 1.1.
    V11,
    /// SOAP 1.2.
    V12,
}

impl Version {
    /// Namespace of the envelope.
    pub(crate) fn namespace(self) -> &'static str {
        match self {
            Self::V11 => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::V12 => "http://www.w3.org/2003/05/soap-envelope",
        }
    }

    /// Media type of its messages.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::V11 => "text/xml; charset=utf-8",
            Self::V12 => "application/soap+xml; charset=utf-8",
        }
    }

    /// The version whose envelope has this namespace.
    pub(crate) fn of(namespace: Option<&str>) -> Option<Self> {
        [Self::V11, Self::V12].into_iter().find(|v| Some(v.namespace()) == namespace)
    }
}
