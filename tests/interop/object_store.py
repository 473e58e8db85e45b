"""An S3-compatible object store: moto's server, which refuses what is not signed with the keys that it gave."""

import json
import os
import subprocess
import urllib.error
import urllib.request

import boto3

from program import Process
from surroundings import free_port, wait_until
from system import BINARIES

SETUP_CALLS = 3  # that need no right: those of __enter__
ANYTHING_IN_S3 = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


class ObjectStore:
    """There for the length of a `with`."""

    def __enter__(self):
        port = free_port()
        self.endpoint = f"127.0.0.1:{port}"
        command = [os.path.join(BINARIES, "moto_server"), "--host", "127.0.0.1", "--port", str(port)]
        self.process = Process(command, subprocess.STDOUT, INITIAL_NO_AUTH_ACTION_COUNT=str(SETUP_CALLS))
        try:
            wait_until(self.answers, "the object store's first answer")
            users = self.client("iam", "nobody", "nothing")
            users.create_user(UserName="omnibus")
            key = users.create_access_key(UserName="omnibus")["AccessKey"]
            users.put_user_policy(UserName="omnibus", PolicyName="s3", PolicyDocument=json.dumps(ANYTHING_IN_S3))
        except BaseException:
            self.process.__exit__(None, None, None)
            raise
        self.access_key, self.secret_key = key["AccessKeyId"], key["SecretAccessKey"]
        self.flags = ["--object-store-endpoint", self.endpoint, "--object-store-access-key", self.access_key]
        self.flags += ["--object-store-secret-key", self.secret_key]
        return self

    def __exit__(self, *problem):
        self.process.__exit__(*problem)

    def answers(self):
        self.process.running()
        try:
            return urllib.request.urlopen(f"http://{self.endpoint}/moto-api/data.json").status == 200
        except urllib.error.URLError:
            return False

    def client(self, service, access_key, secret_key):
        keys = {"aws_access_key_id": access_key, "aws_secret_access_key": secret_key}
        return boto3.client(service, endpoint_url=f"http://{self.endpoint}", region_name="us-east-1", **keys)

    def objects(self, bucket):
        """Their contents."""
        s3 = self.client("s3", self.access_key, self.secret_key)
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        return [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
