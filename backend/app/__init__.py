"""The Financial Data Extractor's backend; imports flow main → api → services → db."""
