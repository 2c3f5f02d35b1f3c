/* Carries the compiler and linker flags of sofia-sip-ua; CSofiaSIP has the declarations. */
