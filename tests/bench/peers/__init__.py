"""How do others tell where a tag is? Reference code after their sources, to compare with."""
